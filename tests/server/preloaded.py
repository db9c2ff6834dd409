"""A process that has imported the application, and forks servers off itself.

A server takes three seconds to import its modules, and half of the time of all tests was that. How
one starts from nothing is tested where it is the claim: in test_start.py and test_readme.py, and in
tests/deploy.

As a program it reads a job a line, as JSON: a server to start, answered with its process id, or an
id whose exit code is wanted, null while it runs. With its input it ends, and they with it.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from contextlib import suppress  # noqa: E402
from typing import Any  # noqa: E402

# Asked for once, by what is imported next. Each server then names a folder of its own.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = os.devnull

import anthropic as anthropic  # noqa: E402
import openai as openai  # noqa: E402
from gevent.os import fork  # noqa: E402
from gunicorn.app.wsgiapp import run  # noqa: E402

import app.worker as worker  # noqa: E402

# gevent's own would ask its loop, which nobody runs here.
_wait = monkey.get_original("os", "waitpid")


def main() -> None:
    assert worker
    running: set[int] = set()
    for line in sys.stdin:
        job = json.loads(line)
        answer = _start(job, running) if isinstance(job, dict) else _ended(job, running)
        print(json.dumps(answer), flush=True)
    for pid in running:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _start(job: dict[str, Any], running: set[int]) -> int:
    pid: int = fork()
    if pid:
        running.add(pid)
        return pid
    os.setsid()
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["environment"])
    time.tzset()
    out = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for target, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, out), (2, out)):
        os.dup2(source, target)
    os.close(out)
    sys.argv = ["gunicorn", *job["arguments"]]
    sys.exit(run())


def _ended(pid: int, running: set[int]) -> int | None:
    found, status = _wait(pid, os.WNOHANG)
    if not found:
        return None
    running.discard(pid)
    return int(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()

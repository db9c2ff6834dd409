"""Servers that are forked off a process that has imported the application already."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from gevent.lock import BoundedSemaphore

_ROOT = Path(__file__).resolve().parents[2]


class Preloaded:
    """The process of `tests.server.preloaded`; one for all tests of a run."""

    def __init__(self) -> None:
        self._turn = BoundedSemaphore()
        command = [sys.executable, "-m", "tests.server.preloaded"]
        self._process = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self._close)

    def ask(self, job: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            print(json.dumps(job), file=self._process.stdin, flush=True)
            return json.loads(self._process.stdout.readline())

    def _close(self) -> None:
        self._process.communicate()


preloaded = cache(Preloaded)


class Forked:
    """What there is of Popen's to a server with these arguments of gunicorn's."""

    def __init__(
        self, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], log: Path
    ) -> None:
        self.returncode: int | None = None
        self.args = arguments
        job = {
            "arguments": arguments,
            "cwd": str(cwd),
            "environment": environment,
            "log": str(log),
        }
        self.pid: int = preloaded().ask(job)

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = preloaded().ask(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises TimeoutExpired, as Popen's."""
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            time.sleep(0.01)
        return code

    def send_signal(self, sign: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sign)

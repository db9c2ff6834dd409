"""A real server in a process of its own: gunicorn on a free port, ended by its process id."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
import requests

from bench.processes import free_port as free_port
from tests.server.forked import Forked

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 60.0


class Process(Protocol):
    """What there is of Popen's to each of them."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sign: int, /) -> None: ...


@dataclass
class Server:
    """`url` is where it listens, `log` the file of what it printed."""

    url: str
    process: Process
    log: Path

    def said(self) -> str:
        return self.log.read_text()


def environment(folder: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """What a process gets: a path, a home of its own, and nothing of ours."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": f"sqlite:///{folder}/parley.db",
        "SPOOL_DIR": f"{folder}/spool",
        "DEMO_TOKENS_PER_SECOND": "1000",
        **extra,
    }


_GUNICORN = (sys.executable, "-m", "gunicorn")


def gunicorn(*args: str) -> list[str]:
    return [*_GUNICORN, "-c", str(ROOT / "gunicorn.conf.py"), *args]


@contextmanager
def serving(folder: Path, **extra: str) -> Iterator[Server]:
    """A server that is ready to answer; it is gone at the end of the block."""
    with _serving(folder, extra, afresh=False) as server:
        yield server


@contextmanager
def serving_afresh(folder: Path, **extra: str) -> Iterator[Server]:
    """The same, which has begun as a process of its own."""
    with _serving(folder, extra, afresh=True) as server:
        yield server


@contextmanager
def _serving(folder: Path, extra: Mapping[str, str], *, afresh: bool) -> Iterator[Server]:
    port = free_port()
    command = gunicorn("--bind", f"127.0.0.1:{port}", "wsgi:app")
    with running(command, folder, extra, afresh=afresh) as server:
        server.url = f"http://127.0.0.1:{port}"
        wait_until_ready(server)
        yield server


@contextmanager
def running(
    command: Sequence[str],
    folder: Path,
    extra: Mapping[str, str],
    cwd: Path = ROOT,
    *,
    afresh: bool = False,
) -> Iterator[Server]:
    """A process in a session of its own, so that its children go with it.

    A server of ours is forked off a process that has imported it, unless it is to begin `afresh`.
    """
    log, variables = folder / "server.log", environment(folder, extra)
    ours = tuple(command[: len(_GUNICORN)]) == _GUNICORN
    process: Process
    if ours and not afresh:
        process = Forked(command[len(_GUNICORN) :], cwd, variables, log)
    else:
        process = _started(command, cwd, variables, log)
    try:
        yield Server("", process, log)
    finally:
        _end(process)


def _started(
    command: Sequence[str], cwd: Path, variables: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=variables,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _end(process: Process) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, sign)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            continue
        return


def wait_until_ready(server: Server, seconds: float = _PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            if requests.get(f"{server.url}/readyz", timeout=5).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            # Who has begun to listen takes connections before there is a worker to answer.
            time.sleep(0.05)
    raise AssertionError(f"The server did not come up. It said:\n{server.said()}")


def require(program: str) -> str:
    """The program's path. Without it the test is skipped, and in CI it fails."""
    if path := shutil.which(program):
        return path
    reason = f"{program} is not installed, and this test cannot do without it."
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)

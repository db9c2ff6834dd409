"""A redis-server of the tests' own, on a free port, which dies and freezes on demand."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.server.process import free_port, require

_PATIENCE = 15.0


class RedisServer:
    """`url` stays the same over a restart; what was kept does not: it writes nothing to disk."""

    def __init__(self, program: str, folder: Path, options: Sequence[str]) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._command = [
            program,
            *("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder)),
            *("--save", "", "--appendonly", "no"),
            *options,
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        with (self._folder / "redis.log").open("ab") as out:
            self._process = subprocess.Popen(
                self._command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
        deadline = time.monotonic() + _PATIENCE
        with self.client() as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    if self._process.poll() is not None or time.monotonic() > deadline:
                        raise AssertionError(f"Redis did not start:\n{self.said()}") from None
                    time.sleep(0.01)

    def stop(self) -> None:
        """At once, as a machine that loses its power does. A second time does nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=_PATIENCE)
            self._process = None

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def flush(self) -> None:
        """It loses everything, and goes on."""
        with self.client() as client:
            client.flushall()

    def client(self) -> redis.Redis:
        """One of the test's own, to be closed by it."""
        return redis.Redis.from_url(self.url, socket_timeout=_PATIENCE)

    def said(self) -> str:
        return (self._folder / "redis.log").read_text()

    def _signal(self, sign: int) -> None:
        assert self._process is not None
        self._process.send_signal(sign)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[RedisServer]:
    """A server that answers; it is gone at the end of the block. Skips where there is none.

    `options` are further words of its command line.
    """
    server = RedisServer(require("redis-server"), folder, options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def immortal(client: redis.Redis) -> list[str]:
    """The keys that will never expire."""
    return [key.decode() for key in client.scan_iter() if client.pttl(key) == -1]

"""A server of the bench at work, with a stand-in for the model behind it."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench.load import Target, load
from bench.processes import free_port, running
from bench.servers import KEY, STAND_IN, Server

_START = 60.0


@dataclass(frozen=True)
class Running:
    """A server that answers; `session` are its processes, `upstream` is the stand-in's port."""

    target: Target
    session: int
    upstream: int

    def stats(self) -> dict[str, Any]:
        """What the stand-in has counted."""
        with closing(HTTPConnection("127.0.0.1", self.upstream, timeout=30)) as connection:
            connection.request("GET", "/stats")
            counted: dict[str, Any] = json.load(connection.getresponse())
        return counted


@contextmanager
def serving(server: Server) -> Iterator[Running]:
    """The server at work and warm, with a stand-in for the model of its own."""
    with (
        started(STAND_IN) as model,
        _redis(server) as redis,
        started(server, model.target.port, redis) as warm,
    ):
        load(warm.target, "mock-10-0", callers=20, turns=200)
        yield warm


@contextmanager
def _redis(server: Server) -> Iterator[int | None]:
    """The port of a Redis of its own, for a server that has one beside it."""
    if not server.redis:
        yield None
        return
    with tempfile.TemporaryDirectory() as name:
        port = free_port()
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
        with running(command, {}, Path(name)):
            yield port


@contextmanager
def started(
    server: Server, upstream: int | None = None, redis: int | None = None
) -> Iterator[Running]:
    """The server, ready. Raises RuntimeError with what it said where it does not come to answer."""
    with tempfile.TemporaryDirectory() as name:
        port, folder = free_port(), Path(name)
        model = f"http://127.0.0.1:{upstream}"
        values = {"{port}": str(port), "{upstream}": model, "{folder}": name, "{redis}": str(redis)}
        filled = partial(_filled, values)
        for file, text in server.files.items():
            (folder / file).write_text(filled(text))
        environment = {key: filled(value) for key, value in server.environment.items()}
        target = Target(port, partial(_request, server), server.ending)
        with running([filled(part) for part in server.command], environment, folder) as process:
            _wait_until_ready(target, process, folder / "log")
            yield Running(target, process.pid, upstream or port)


def _filled(values: Mapping[str, str], text: str) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def _request(server: Server, model: str) -> bytes:
    body = json.dumps(server.body(model)).encode()
    head = (
        f"POST {server.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _wait_until_ready(target: Target, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < deadline:
        if not (faults := load(target, "mock-1-0", callers=1, turns=1).faults):
            return
        time.sleep(0.1)
    said = log.read_text()[-2_000:]
    raise RuntimeError(f"A server does not answer: {list(faults)}. It said at last:\n{said}")

"""Several servers of one installation, each a gunicorn of its own, on one database and Redis."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import gevent

from app.storage.database import connect
from app.storage.migrate import migrate
from tests.server.callers import STREAM, Caller, get
from tests.server.proc import children
from tests.server.process import Server, free_port, gunicorn, running, wait_until_ready

_HEARTBEAT = re.compile(rb"^: hb\n", re.MULTILINE)
_EVENT = re.compile(rb"event: (\w+)\ndata: (.*)")


@contextmanager
def fleet(
    folder: Path, count: int, settings: Mapping[str, str], workers: int = 1
) -> Iterator[list[Server]]:
    """So many servers that are ready, each with `workers`."""
    settings = {
        "DATABASE_URL": f"sqlite:///{folder}/shared.db",
        "LOG_LEVEL": "WARNING",
        "WEB_CONCURRENCY": str(workers),
        **settings,
    }
    database = connect(settings["DATABASE_URL"])
    migrate(database)
    database.close()
    with ExitStack() as stack:
        servers = []
        for number in range(count):
            own = folder / f"server{number}"
            own.mkdir()
            servers.append(stack.enter_context(begun(own, settings)))
        for server in servers:
            wait_until_ready(server)
        yield servers


@contextmanager
def begun(folder: Path, settings: Mapping[str, str], port: int = 0) -> Iterator[Server]:
    """A server that may not be ready yet."""
    port = port or free_port()
    command = gunicorn("--bind", f"127.0.0.1:{port}", "wsgi:app")
    with running(command, folder, settings) as server:
        server.url = f"http://127.0.0.1:{port}"
        yield server


def kill_workers(server: Server) -> None:
    """By SIGKILL, the master first, so that none is started in their place."""
    workers = children(server.process.pid)
    for pid in (server.process.pid, *workers):
        os.kill(pid, signal.SIGKILL)
    server.process.wait(timeout=30)


class Followed:
    """A stream as a client reads it: whole frames, over as many connections as it takes."""

    def __init__(self, run_id: str = "") -> None:
        self.run_id = run_id
        self.log = b""

    @classmethod
    def asked(cls, server: Server, model: str, **body: Any) -> Followed:
        """Ask, and leave when the run's id is known."""
        stream = cls()
        with Caller(
            server, STREAM, {"message": "hi", "model": model, "on_disconnect": "finish", **body}
        ) as caller:
            assert caller.answer.status == 200, caller.read()
            stream.run_id = str(caller.answer.headers["X-Run-ID"])
        return stream

    def follow(self, server: Server, size: int | None = None) -> Followed:
        """Read what follows: `size` bytes of it, or all up to the connection's end."""
        with Caller(
            server, f"/api/runs/{self.run_id}/events", headers={"Last-Event-ID": str(self.last)}
        ) as caller:
            assert caller.answer.status == 200, caller.read()
            self.take(caller.read(size))
        return self

    def following(self, server: Server) -> gevent.Greenlet[..., Followed]:
        return gevent.spawn(self.follow, server)

    def take(self, part: bytes) -> None:
        part = _HEARTBEAT.sub(b"", part)
        self.log += part[: part.rfind(b"\n\n") + 2] if b"\n\n" in part else b""

    @property
    def last(self) -> int:
        numbers = re.findall(rb"^id: (\d+)$", self.log, re.MULTILINE)
        assert [int(number) for number in numbers] == list(range(1, len(numbers) + 1))
        return len(numbers)

    @property
    def events(self) -> Sequence[tuple[str, dict[str, Any]]]:
        return [(name.decode(), json.loads(data)) for name, data in _EVENT.findall(self.log)]

    @property
    def text(self) -> str:
        return "".join(data["text"] for name, data in self.events if name == "delta")

    @property
    def ended(self) -> bool:
        return any(name in ("done", "error") for name, _ in self.events)

    @property
    def end(self) -> tuple[str, dict[str, Any]]:
        """The terminal event, which is there once."""
        (end,) = [event for event in self.events if event[0] in ("done", "error")]
        assert end == self.events[-1]
        return end


def stored(server: Server, conversation_id: str) -> Sequence[dict[str, Any]]:
    """The messages of a conversation."""
    found: list[dict[str, Any]] = json.loads(
        get(server, f"/api/conversations/{conversation_id}/messages")
    )["messages"]
    return found

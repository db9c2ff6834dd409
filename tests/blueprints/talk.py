"""How the tests speak to the API, and read its streams as strictly as the contract is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import gevent
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.services import Services
from app.storage.tables import metadata

_FRAME = re.compile(rb"id: ([1-9]\d*)\nevent: ([a-z_]+)\ndata: (\{[^\r\n]*\})\n\n")
# What a vendor said is passed on as it is.
_SENTENCE = re.compile(r"\S.*([^\s.][.?]|It says: .*\S)", re.DOTALL)
HEARTBEAT = b": hb\n"


class Frame(NamedTuple):
    number: int
    event: str
    data: dict[str, Any]


def frames(body: bytes) -> list[Frame]:
    """The events of a stream that holds nothing but them and heartbeats."""
    body = body.replace(HEARTBEAT, b"")
    assert _FRAME.sub(b"", body) == b""
    return [
        Frame(int(n), name.decode(), json.loads(data)) for n, name, data in _FRAME.findall(body)
    ]


def text(events: Sequence[Frame]) -> str:
    return "".join(frame.data["text"] for frame in events if frame.event == "delta")


def chat(client: FlaskClient, message: str = "Hello", **body: Any) -> dict[str, Any]:
    """A turn that must succeed."""
    answer = client.post("/api/chat", json={"message": message, **body}, buffered=True)
    assert answer.status_code == 200, answer.text[:300]
    said: dict[str, Any] = answer.get_json()
    return said


def streamed(client: FlaskClient, message: str = "Hello", **body: Any) -> list[Frame]:
    """The same, as a stream, whatever it ends with."""
    answer = client.post("/api/chat/stream", json={"message": message, **body}, buffered=True)
    assert answer.status_code == 200, answer.text[:300]
    return frames(answer.data)


def messages(client: FlaskClient, conversation_id: str) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = client.get(
        f"/api/conversations/{conversation_id}/messages", buffered=True
    ).get_json()["messages"]
    return said


class Live:
    """A stream that is still open: `read_until` takes from it what is there."""

    def __init__(self, answer: TestResponse) -> None:
        assert answer.status_code == 200, answer.text[:300]
        self.answer = answer
        self.body = b""
        self._chunks = iter(answer.response)

    @property
    def frames(self) -> list[Frame]:
        return frames(self.body)

    def read_until(self, seen: bytes) -> Live:
        while seen not in self.body:
            self.body += next(self._chunks)  # type: ignore[operator]  # bytes, as WSGI wants
        return self

    def read_all(self) -> list[Frame]:
        for chunk in self._chunks:
            self.body += chunk  # type: ignore[operator]
        return self.frames


@contextmanager
def live(client: FlaskClient, message: str = "Hello", **body: Any) -> Iterator[Live]:
    """Ask, and leave at the end of the block."""
    answer = client.post("/api/chat/stream", json={"message": message, **body})
    try:
        yield Live(answer)
    finally:
        answer.close()


def rows(services: Services) -> dict[str, int]:
    """How many rows each table has of what was said. The ledger outlives it."""
    return {
        name: services.database.read(
            lambda tx, table=table: tx.scalar(select(func.count()).select_from(table))  # type: ignore[misc]
        )
        or 0
        for name, table in metadata.tables.items()
        if name in ("conversations", "messages", "runs")
    }


def eventually(condition: Any) -> None:
    """Wait until it holds. The patience of the test is the limit."""
    while not condition():
        gevent.sleep(0.005)


def is_problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The answer is a problem document with all that the contract asks of one."""
    assert answer.status_code == status, answer.text[:300]
    assert answer.content_type == "application/problem+json"
    said: dict[str, Any] = json.loads(answer.data)
    assert (said["status"], said["code"]) == (status, code)
    assert isinstance(said["retryable"], bool)
    assert said["request_id"] == answer.headers["X-Request-ID"]
    assert said["type"] == f"urn:parley:{code}"
    assert said["title"]
    assert _SENTENCE.fullmatch(said["detail"]), said["detail"]
    return said


def addresses(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Rule, method and a path of each route that there is."""
    for rule in app.url_map.iter_rules():
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<path:{name}>", "x").replace(f"<{name}>", "x")
        for method in sorted(rule.methods or ()):
            yield rule.rule, method, path

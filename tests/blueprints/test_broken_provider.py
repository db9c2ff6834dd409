"""A provider that breaks its promise: our run ends all the same, and says nothing of the inside."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gevent
import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app.events import Finish, ModelEvent, TextDelta, Usage, UsageReport
from app.profiles import Profile
from app.providers.base import ModelRequest
from app.services import Services
from app.storage.database import Database
from app.storage.tables import runs
from tests.blueprints.talk import frames, is_problem, messages, rows, text

_SECRET = "sk-private-inside"


class Scripted:
    """Yields its batches; an exception among them is raised."""

    def __init__(self, name: str, *script: Sequence[ModelEvent] | Exception) -> None:
        self.name = name
        self._script = script

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        for step in self._script:
            if isinstance(step, Exception):
                raise step
            yield step

    def models(self) -> Sequence[str]:
        return ["x"]

    def default_model(self) -> str:
        return "x"

    def profile(self, model: str) -> Profile:
        return Profile(context_window=8192)

    def count(self, request: ModelRequest) -> int | None:
        return None

    def close(self) -> None:
        pass


class AtOnce(Scripted):
    """Raises before there is an iterator."""

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        raise RuntimeError(_SECRET)


_SAID = [TextDelta("half an ")]
_BROKEN = [
    AtOnce("broken"),
    Scripted("broken", RuntimeError(_SECRET)),
    Scripted("broken", _SAID, [TextDelta("answer")], ZeroDivisionError(_SECRET)),
    Scripted("broken", _SAID, AssertionError(_SECRET)),
    Scripted("broken", _SAID, [Finish("stop")], KeyError(_SECRET)),
]


@pytest.mark.parametrize("broken", _BROKEN)
def test_a_bare_exception_is_one_internal_error(
    client: FlaskClient, services: Services, broken: Scripted
) -> None:
    """Streamed or whole, it is `internal_error` without the exception's text, and is kept."""
    services.providers["broken"] = broken
    body = {"message": "hi", "model": "broken/x"}
    answer = client.post("/api/chat/stream", json=body, buffered=True)
    events = frames(answer.data)
    assert [frame.event for frame in events].count("error") == 1
    assert (events[-1].event, events[-1].data["code"]) == ("error", "internal_error")
    assert events[-1].data["request_id"] == answer.headers["X-Request-ID"]
    whole = client.post("/api/chat", json=body, buffered=True)
    is_problem(whole, 500, "internal_error")
    assert _SECRET not in answer.text + whole.text
    stored = messages(client, events[0].data["conversation_id"])[-1]
    assert (stored["content"], stored["status"]) == (text(events), "incomplete")
    assert stored["error"]["code"] == "internal_error"
    assert rows(services) == {"conversations": 2, "messages": 4, "runs": 2}


_ODD: list[list[ModelEvent]] = [
    [UsageReport(Usage(10, 20, 0, 5))],
    [UsageReport(Usage(10, 0, 99, 5))],
    [UsageReport(Usage(-1, 0, 0, -5))],
    [UsageReport(Usage(2**63, 0, 0, 2**70))],
]


@pytest.mark.parametrize("odd", _ODD)
@pytest.mark.parametrize("route", ["/api/chat", "/api/chat/stream"])
def test_figures_that_cannot_be(
    client: FlaskClient, services: Services, route: str, odd: list[ModelEvent]
) -> None:
    """Usage that contradicts itself keeps no caller waiting for ever, and loses no answer."""
    services.providers["openai"] = Scripted("openai", [TextDelta("Hi")], odd, [Finish("stop")])
    body: dict[str, Any] = {"message": "hi", "model": "openai/gpt-4o"}
    with gevent.Timeout(5):
        answer = client.post(route, json=body, buffered=True)
    assert answer.status_code == 200
    page = client.get("/api/conversations").get_json()["conversations"]
    assert [message["content"] for message in messages(client, page[0]["id"])] == ["hi", "Hi"]
    if route.endswith("stream"):
        assert frames(answer.data)[-1].event == "done"


class Sabotage(Scripted):
    """Speaks, and meanwhile the database has lost its messages."""

    def __init__(self, services: Services) -> None:
        super().__init__("own", [TextDelta("Hi")], [Finish("stop")])
        self._database = services.database

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        rename(self._database, "messages", "gone")
        return super().stream(request)


def rename(database: Database, old: str, new: str) -> None:
    database.write(lambda tx: tx.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}") and None)


@pytest.mark.skipif("TEST_DATABASE" in os.environ, reason="SQLite calls a lost table an outage.")
def test_a_database_that_fails_at_the_end(client: FlaskClient, services: Services) -> None:
    """An answer that the database does not take is safe on the disk, and brought in later."""
    services.providers["own"] = Sabotage(services)
    body = {"message": "hi", "model": "own/x"}
    events = frames(client.post("/api/chat/stream", json=body, buffered=True).data)
    assert [frame.event for frame in events] == ["start", "delta", "usage", "done"]
    rename(services.database, "gone", "messages")
    assert services.endings.bring_in() == 1
    said = messages(client, events[0].data["conversation_id"])
    assert [message["content"] for message in said] == ["hi", "Hi"]


def test_neither_database_nor_disk(client: FlaskClient, services: Services, tmp_path: Path) -> None:
    """If the answer cannot be kept at all the caller is told so: a `done` would be a lie."""
    (tmp_path / "spool").write_text("This is no folder.")
    services.providers["own"] = Sabotage(services)
    body = {"message": "hi", "model": "own/x"}
    events = frames(client.post("/api/chat/stream", json=body, buffered=True).data)
    assert [frame.event for frame in events] == ["start", "delta", "usage", "error"]
    assert events[-1].data["code"] in ("unavailable", "internal_error")
    assert "messages" not in events[-1].data["detail"]


def test_an_answer_that_was_taken_for_dead(client: FlaskClient, services: Services) -> None:
    """A run that another worker has ended meanwhile ends with its word, and not with `done`."""

    class TooLate(Scripted):
        def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
            services.database.write(
                lambda tx: tx.execute(update(runs).values(state="interrupted")) and None
            )
            return super().stream(request)

    services.providers["own"] = TooLate("own", [TextDelta("Hi")], [Finish("stop")])
    body = {"message": "hi", "model": "own/x"}
    events = frames(client.post("/api/chat/stream", json=body, buffered=True).data)
    assert [frame.event for frame in events] == ["start", "delta", "usage", "error"]
    assert (events[-1].data["code"], events[-1].data["retryable"]) == ("interrupted", True)
    _, kept = messages(client, events[0].data["conversation_id"])
    assert (kept["content"], kept["status"]) == ("Hi", "incomplete")

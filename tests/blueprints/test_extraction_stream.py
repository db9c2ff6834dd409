"""POST /api/extract/stream: what comes while the model writes, and the one end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.services import Services
from app.services.extraction.partials import extends
from app.storage.tables import calls
from tests.blueprints.extracting import (
    INVOICE,
    PERSON,
    TRUTH,
    by_path,
    codes,
    counting,
    extract,
    saying,
    streamed,
)
from tests.blueprints.talk import Frame, Live, eventually, frames, rows
from tests.upstream import Upstream

_MODELS = ["openai/tool-1-1000", "anthropic/tool-1-1000", "demo/demo"]


@pytest.fixture
def settings(with_upstream: dict[str, Any]) -> dict[str, Any]:
    return {**with_upstream, "read_timeout": 15.0, "first_byte_timeout": 15.0}


@contextmanager
def live(client: FlaskClient, model: str, **body: Any) -> Iterator[Live]:
    sent = {"text": "Ada", "schema": PERSON, "model": model, **body}
    answer = client.post("/api/extract/stream", json=sent)
    try:
        yield Live(answer)
    finally:
        answer.close()


def partials(events: list[Frame]) -> dict[int, list[Any]]:
    """The data by attempt."""
    found: dict[int, list[Any]] = {}
    for frame in events:
        if frame.event == "partial":
            found.setdefault(frame.data["attempt"], []).append(frame.data["data"])
    return found


@pytest.mark.parametrize("model", _MODELS)
def test_data_comes_while_it_is_written(
    client: FlaskClient, upstream: Upstream, model: str
) -> None:
    """`start`, ever more of the data, `usage` and the whole result as the plain route has it."""
    upstream.calling = saying(TRUTH)
    events = streamed(client, INVOICE, "invoice", model=model)
    assert [frame.number for frame in events] == list(range(1, len(events) + 1))
    names = [frame.event for frame in events]
    assert names == ["start", *["partial"] * (len(events) - 3), "usage", "done"]
    assert events[0].data == {"run_id": events[-1].data["run_id"], "model": model}
    told = partials(events)[1]
    assert len(told) > 5
    assert all(extends(one, other) for one, other in pairwise(told))
    done, plain = events[-1].data, extract(client, INVOICE, "invoice", model=model)
    assert done.pop("finish_reason") == "stop"
    assert {**done, "run_id": ""} == {**plain, "run_id": ""}
    assert by_path(done)["amount"]["quote"] == "1,250.00"


def test_a_new_attempt_is_seen(client: FlaskClient, upstream: Upstream) -> None:
    """A `step` says why it is begun anew, and only then what was said may be taken back."""
    upstream.calling = saying({"name": "Ada", "age": -12}, {"name": "Bob", "age": 12})
    events = streamed(client, "Bob, 12", PERSON, model="openai/tool-1")
    told = partials(events)
    assert (told[1][-1], told[2][-1]) == ({"name": "Ada", "age": -12}, {"name": "Bob", "age": 12})
    (step,) = [frame for frame in events if frame.event == "step"]
    assert (step.data["index"], step.data["attempt"], step.data["code"]) == (1, 2, "minimum")
    order = [frame.data["attempt"] for frame in events if frame.event in ("partial", "step")]
    assert order == sorted(order)


def test_failure_is_one_error(client: FlaskClient, upstream: Upstream) -> None:
    """Where nothing valid came the only end is the problem, with all its members."""
    upstream.calling = counting(lambda n: {"name": n})
    events = streamed(client, "Ada", PERSON, model="openai/tool-1", max_attempts=2)
    ends = [frame for frame in events if frame.event in ("done", "error")]
    (error,) = ends
    assert error is events[-1]
    assert (error.data["status"], error.data["code"]) == (422, "extraction_failed")
    assert error.data["candidate"] == {"name": 2}
    assert (codes(error.data["issues"]), len(error.data["attempts"])) == (["type"], 2)


def test_any_text_survives(client: FlaskClient, upstream: Upstream) -> None:
    """Line ends, emoji and other scripts in the data do not break a frame."""
    name = 'Zoë "李明" 🙂\r\n\u2028\u0085 end'
    upstream.calling = saying({"name": name})
    events = streamed(client, f"Hello {name}!", PERSON, model="openai/tool-1")
    assert events[-1].data["data"] == {"name": name}
    assert by_path(events[-1].data)["name"]["status"] == "supported"


def test_it_can_be_read_again(client: FlaskClient, upstream: Upstream) -> None:
    """The run's events come again from any position, and its state is known, without a call."""
    upstream.calling = saying({"name": "Ada"})
    events = streamed(client, "Ada", PERSON, model="openai/tool-1")
    path = f"/api/runs/{events[0].data['run_id']}"
    again = client.get(f"{path}/events?after=2", buffered=True)
    assert frames(again.data) == events[2:]
    state = client.get(path, buffered=True).get_json()
    assert (state["state"], state["model"]) == ("done", "openai/tool-1")
    assert (state["conversation_id"], state["created_at"][:4]) == (None, "2026")
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("model", ["openai/stall-3", "anthropic/silent-0"])
def test_a_stop(client: FlaskClient, upstream: Upstream, model: str) -> None:
    """It ends a silent run at once, with what it came to; a second stop says the same."""
    with live(client, model) as stream:
        stream.read_until(b"event: start")
        eventually(lambda: upstream.open == 1)
        path = f"/api/runs/{stream.frames[0].data['run_id']}"
        for _ in range(2):
            stopped = client.post(f"{path}/stop")
            assert (stopped.status_code, stopped.get_json()["state"]) == (200, "failed")
        end = stream.read_all()[-1]
    assert (end.event, end.data["code"]) == ("error", "extraction_stopped")
    assert codes(end.data["attempts"][0]["issues"]) == ["stopped"]
    assert end.data["usage"]["estimated"] is True
    eventually(lambda: upstream.open == 0)


@pytest.mark.parametrize("model", ["openai/stall-3", "anthropic/silent-0"])
def test_leaving_frees_the_provider(
    client: FlaskClient, services: Services, upstream: Upstream, model: str
) -> None:
    """Who leaves takes the run along: the provider's connection closes, and the call is booked."""
    with live(client, model) as stream:
        stream.read_until(b"event: start")
        eventually(lambda: upstream.open == 1)
    eventually(lambda: upstream.open == 0)
    states = select(calls.c.state)
    eventually(lambda: services.database.read(lambda tx: tx.scalar(states)) == "stopped")
    assert rows(services) == {"conversations": 0, "messages": 0, "runs": 0}


def test_a_shutdown_ends_it_with_a_word(
    client: FlaskClient, services: Services, upstream: Upstream
) -> None:
    """A drain ends what still runs, and says that it may be asked again."""
    with live(client, "openai/stall-3") as stream:
        stream.read_until(b"event: start")
        eventually(lambda: upstream.open == 1)
        services.live.drain(0.0)
        end = stream.read_all()[-1]
    assert (end.event, end.data["code"]) == ("error", "shutting_down")
    assert end.data["retryable"] is True
    assert json.dumps(end.data["attempts"])

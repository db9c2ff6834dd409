"""Runs: looked at, read again from anywhere, stopped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from app.services import Services
from app.storage import conversations, runs
from app.storage.database import Transaction
from tests.blueprints.shared import against, application
from tests.blueprints.talk import (
    HEARTBEAT,
    chat,
    frames,
    is_problem,
)
from tests.properties import examples
from tests.upstream import Upstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Flask]:
    asked = {**against(upstream), "read_timeout": 15.0, "first_byte_timeout": 15.0}
    with application(tmp_path_factory.mktemp("shared"), **asked) as made:
        yield made


@pytest.fixture
def whole(client: FlaskClient) -> bytes:
    """A stream that has ended, as it was sent."""
    body = {"message": "Show me code 😀", "model": "demo"}
    return bytes(client.post("/api/chat/stream", json=body, buffered=True).data)


def run_id(body: bytes) -> str:
    return str(frames(body)[0].data["run_id"])


def test_a_state_has_every_field(client: FlaskClient) -> None:
    """A run tells its conversation, message, model, state and times."""
    said = chat(client, model="demo")
    state = client.get(f"/api/runs/{said['run_id']}").get_json()
    assert set(state) == {
        "id",
        "conversation_id",
        "message_id",
        "model",
        "state",
        "created_at",
        "ended_at",
    }
    assert (state["id"], state["conversation_id"]) == (said["run_id"], said["conversation_id"])
    assert (state["message_id"], state["model"]) == (said["message"]["id"], "demo/demo")
    assert state["state"] == "done"
    assert state["created_at"] <= state["ended_at"]


@examples(60)
@given(after=st.integers(0, 80), by_header=st.booleans())
def test_a_replay_is_the_tail(
    client: FlaskClient, whole: bytes, after: int, by_header: bool
) -> None:
    """From any position the events come again byte for byte, asked for in either way."""
    path = f"/api/runs/{run_id(whole)}/events"
    query = {} if by_header else {"after": after}
    headers = {"Last-Event-ID": str(after)} if by_header else {}
    answer = client.get(path, query_string=query, headers=headers, buffered=True)
    blocks = whole.removeprefix(HEARTBEAT).split(b"\n\n")[:-1]
    tail = b"".join(block + b"\n\n" for block in blocks[after:])
    assert answer.data == HEARTBEAT + tail
    assert answer.content_type == "text/event-stream; charset=utf-8"


def test_the_query_wins_over_the_header(client: FlaskClient, whole: bytes) -> None:
    """Who names a position in both ways means the one in the address."""
    path = f"/api/runs/{run_id(whole)}/events?after=2"
    answer = client.get(path, headers={"Last-Event-ID": "5"}, buffered=True)
    assert frames(answer.data)[0].number == 3


@pytest.mark.parametrize("last", ["", "x", "-1", "1.5", "²", "१", "0x1", " "])
def test_a_header_that_is_no_number_is_the_start(
    client: FlaskClient, whole: bytes, last: str
) -> None:
    """A `Last-Event-ID` that was never ours means that nothing has been read."""
    path = f"/api/runs/{run_id(whole)}/events"
    assert client.get(path, headers={"Last-Event-ID": last}, buffered=True).data == whole


def test_a_header_that_is_too_long_a_number(client: FlaskClient, whole: bytes) -> None:
    """Nor does a number of 5,000 digits break it."""
    path = f"/api/runs/{run_id(whole)}/events"
    answer = client.get(path, headers={"Last-Event-ID": "9" * 5_000}, buffered=True)
    assert answer.status_code < 500


def test_a_run_is_followed_by_others(client: FlaskClient, upstream: Upstream) -> None:
    """A second reader of a run that goes on gets what was and what comes, and costs no call."""
    before = len(upstream.requests)
    body = {"message": "Hi", "model": "openai/mock-40-2000"}
    first = client.post("/api/chat/stream", json=body)
    start = b""
    chunks = iter(first.response)
    while b"event: start" not in start:
        start += next(chunks)  # type: ignore[operator]  # bytes, as WSGI wants
    second = client.get(f"/api/runs/{run_id(start)}/events", buffered=True)
    rest = start + b"".join(chunks)  # type: ignore[arg-type]
    first.close()
    assert second.data.replace(HEARTBEAT, b"") == rest.replace(HEARTBEAT, b"")
    assert frames(second.data)[-1].event == "done"
    assert len(upstream.requests) == before + 1


def test_another_owners_run(client: FlaskClient, services: Services) -> None:
    """To anyone else a run is not there, neither to look at nor to read nor to stop."""

    def plant(tx: Transaction) -> None:
        made = conversations.create(tx, "eve", "Hers", None)
        run = runs.StoredRun(
            id="run_hers",
            conversation_id=made.id,
            message_id="msg_1",
            model="demo/demo",
            state="running",
            created_at=1,
        )
        runs.add(tx, "eve", run)

    services.database.write(plant)
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/stop")):
        answer = client.open(f"/api/runs/run_hers{path}", method=method, buffered=True)
        is_problem(answer, 404, "not_found")
    stored = services.database.read(lambda tx: runs.find(tx, "eve", "run_hers"))
    assert stored.state == "running"
    # Nothing runs here that could ever end it, and its owner is told so.
    assert services.runs.read("eve", "run_hers").state == "interrupted"

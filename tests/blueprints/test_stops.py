"""Runs that are stopped, or left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.shared import against, application
from tests.blueprints.talk import (
    chat,
    eventually,
    frames,
    live,
    messages,
    text,
)
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


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize(("kind", "said"), [("stall-5", "t0 t1 t2 t3 t4 "), ("silent-0", "")])
def test_stopping(
    client: FlaskClient,
    services: Services,
    upstream: Upstream,
    provider: str,
    kind: str,
    said: str,
) -> None:
    """A stop ends a silent run as `stopped`, before the first token too; what was sent is kept."""
    with live(client, model=f"{provider}/{kind}") as stream:
        stream.read_until(said.rsplit(" ", 2)[-2].encode() if said else b"event: start")
        eventually(lambda: upstream.open == 1)
        start = stream.frames[0].data
        path = f"/api/runs/{start['run_id']}"
        for _ in range(2):
            stopped = client.post(f"{path}/stop")
            assert (stopped.status_code, stopped.get_json()["id"]) == (200, start["run_id"])
        events = stream.read_all()
    assert (events[-1].event, events[-1].data["finish_reason"]) == ("done", "stopped")
    assert [frame.event for frame in events].count("done") == 1
    eventually(lambda: upstream.open == 0)
    stored = messages(client, start["conversation_id"])[-1]
    assert stored["content"] == text(events) == said
    assert (stored["status"], stored["finish_reason"]) == ("incomplete", "stopped")
    assert client.get(path).get_json()["state"] == "stopped"
    again = client.post(f"{path}/stop")
    assert (again.status_code, again.get_json()["state"]) == (200, "stopped")
    assert len(messages(client, start["conversation_id"])) == 2


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_what_was_said_until_the_stop_is_counted(client: FlaskClient, provider: str) -> None:
    """A vendor counts at the end, which a stopped run never reads: its tokens are not free."""
    with live(client, model=f"{provider}/stall-5") as stream:
        start = stream.read_until(b"t4 ").frames[0].data
        client.post(f"/api/runs/{start['run_id']}/stop")
        usage = stream.read_all()[-1].data["usage"]
    assert usage["output_tokens"] >= 5
    assert usage["estimated"] is True


@pytest.mark.parametrize("kind", ["stall-2", "silent-0", "mock-1000-5000"])
def test_a_client_that_leaves_stops_the_run(
    client: FlaskClient, upstream: Upstream, kind: str
) -> None:
    """With nobody reading the provider is left at once, and what was said is kept."""
    with live(client, model=f"openai/{kind}") as stream:
        start = stream.read_until(b"event: start").frames[0].data
        eventually(lambda: upstream.open == 1)
    eventually(lambda: upstream.open == 0)
    path = f"/api/runs/{start['run_id']}"
    eventually(lambda: client.get(path).get_json()["state"] != "running")
    assert client.get(path).get_json()["state"] == "stopped"
    assert messages(client, start["conversation_id"])[-1]["status"] == "incomplete"


def test_on_disconnect_continue(client: FlaskClient) -> None:
    """A run that was asked to continue is whole when its client comes back for it."""
    with live(client, model="openai/mock-20-2000", on_disconnect="continue") as stream:
        start = stream.read_until(b"event: start").frames[0].data
    rest = client.get(f"/api/runs/{start['run_id']}/events?after=1", buffered=True)
    events = frames(rest.data)
    assert (events[0].number, events[-1].event) == (2, "done")
    assert text(events) == "".join(f"t{n} " for n in range(20))
    assert messages(client, start["conversation_id"])[-1]["status"] == "complete"


def test_stopping_what_has_ended(client: FlaskClient) -> None:
    """A stop that comes too late changes nothing and is no error."""
    said = chat(client, model="demo")
    for _ in range(2):
        answer = client.post(f"/api/runs/{said['run_id']}/stop")
        assert (answer.status_code, answer.get_json()["state"]) == (200, "done")
    assert messages(client, said["conversation_id"])[-1]["status"] == "complete"

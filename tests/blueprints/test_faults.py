"""What a caller sees, and what is kept, when a provider fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.shared import against, application
from tests.blueprints.talk import chat, eventually, frames, is_problem, messages, rows, text
from tests.upstream import Upstream


class Fault(NamedTuple):
    kind: str
    status: int
    code: str
    retryable: bool
    said: int = 0  # tokens before it


_FAULTS = [
    Fault("cut-3", 502, "provider_cut_off", True, 3),
    Fault("reset-3", 502, "provider_cut_off", True, 3),
    Fault("broken-3", 502, "provider_protocol", True, 3),
    Fault("error-3", 503, "provider_overloaded", True, 3),
    Fault("stall-3", 504, "provider_timeout", True, 3),
    Fault("silent-0", 504, "provider_timeout", True),
    Fault("html-0", 502, "provider_protocol", True),
    Fault("status-401", 502, "provider_misconfigured", False),
    Fault("status-404", 422, "model_not_found", False),
    Fault("status-429", 503, "provider_rate_limited", True),
    Fault("status-500", 502, "provider_error", True),
]
_each = pytest.mark.parametrize("fault", _FAULTS, ids=[fault.kind for fault in _FAULTS])
_PROVIDERS = ["openai", "anthropic"]


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Flask]:
    with application(tmp_path_factory.mktemp("shared"), **against(upstream)) as made:
        yield made


@pytest.fixture
def conversation(client: FlaskClient) -> str:
    return str(chat(client, "before", model="openai/mock-1")["conversation_id"])


@pytest.fixture
def next_turn(
    client: FlaskClient, conversation: str, upstream: Upstream, services: Services
) -> Iterator[None]:
    """After the test: nothing is torn, nothing is still open, and the conversation goes on."""
    before = rows(services)
    yield
    assert rows(services) == {
        **before,
        "messages": before["messages"] + 2,
        "runs": before["runs"] + 1,
    }
    eventually(lambda: upstream.open == 0)
    kept = [m["content"] for m in messages(client, conversation) if m["content"]]
    chat(client, "after", conversation_id=conversation, model="openai/mock-1")
    assert [m["content"] for m in upstream.requests[-1]["messages"]] == [*kept, "after"]


def is_kept(client: FlaskClient, conversation: str, fault: Fault) -> str:
    """The failed answer is stored under its question, as incomplete, with the reason."""
    *_, asked, answered = messages(client, conversation)
    assert (asked["content"], asked["status"]) == ("hi", "complete")
    assert answered["parent_id"] == asked["id"]
    assert (answered["status"], answered["finish_reason"]) == ("incomplete", None)
    assert answered["error"]["code"] == fault.code
    assert answered["error"]["retryable"] is fault.retryable
    run = client.get(f"/api/runs/{answered['run_id']}").get_json()
    assert run["state"] == "failed"
    # A reset may overtake the bytes that were sent before it.
    said = "".join(f"t{n} " for n in range(fault.said))
    if fault.kind.startswith("reset"):
        assert said.startswith(answered["content"])
    else:
        assert answered["content"] == said
    return str(answered["content"])


@_each
@pytest.mark.parametrize("provider", _PROVIDERS)
@pytest.mark.usefixtures("next_turn")
def test_a_stream_ends_in_one_error(
    client: FlaskClient, conversation: str, provider: str, fault: Fault
) -> None:
    """What had come is delivered, then exactly one `error` with code and retryable, and kept."""
    body = {"message": "hi", "conversation_id": conversation, "model": f"{provider}/{fault.kind}"}
    answer = client.post("/api/chat/stream", json=body, buffered=True)
    events = frames(answer.data)
    assert [frame.number for frame in events] == list(range(1, len(events) + 1))
    deltas = [frame.event for frame in events[1:-2]]
    assert [events[0].event, *deltas, events[-2].event] == [
        "start",
        *["delta"] * len(deltas),
        "usage",
    ]
    problem = events[-1].data
    assert (events[-1].event, problem["status"], problem["code"]) == (
        "error",
        fault.status,
        fault.code,
    )
    assert problem["retryable"] is fault.retryable
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert is_kept(client, conversation, fault) == text(events)


@_each
@pytest.mark.usefixtures("next_turn")
def test_a_whole_answer_is_a_problem(client: FlaskClient, conversation: str, fault: Fault) -> None:
    """The same fault is the right status and the same code, and what had come is kept as well."""
    body = {"message": "hi", "conversation_id": conversation, "model": f"openai/{fault.kind}"}
    answer = client.post("/api/chat", json=body, buffered=True)
    problem = is_problem(answer, fault.status, fault.code)
    assert problem["retryable"] is fault.retryable
    is_kept(client, conversation, fault)


@pytest.mark.parametrize("kind", ["status-401", "status-404", "status-429"])
@pytest.mark.parametrize("provider", _PROVIDERS)
def test_what_was_refused_costs_nothing(client: FlaskClient, provider: str, kind: str) -> None:
    """A call that the vendor turned away has read and written no token, and none is booked."""
    body = {"message": "a long question", "model": f"{provider}/{kind}"}
    events = frames(client.post("/api/chat/stream", json=body, buffered=True).data)
    stored = messages(client, events[0].data["conversation_id"])[-1]
    usages = [stored["usage"]] + [frame.data for frame in events if frame.event == "usage"]
    for usage in usages:
        assert (usage["input_tokens"], usage["output_tokens"]) == (0, 0)

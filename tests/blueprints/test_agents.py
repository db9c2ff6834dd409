"""Agents over HTTP: going round, what is told and kept, and where a run comes to its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.services import Services
from app.storage.tables import calls
from tests.blueprints import agenting
from tests.blueprints.agenting import (
    MODEL,
    acting,
    agent,
    call,
    events,
    obedient,
    results,
    streamed,
    with_tools,
)
from tests.blueprints.talk import is_problem, text
from tests.services.agents.misbehaving import ENDED, STARTED
from tests.upstream import Upstream


@pytest.fixture(scope="module")
def served() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, served: Upstream) -> Iterator[Flask]:
    with with_tools(tmp_path_factory.mktemp("shared"), served) as made:
        yield made


@pytest.fixture
def upstream(served: Upstream) -> Upstream:
    """It has forgotten what the last test asked of it."""
    served.reset()
    served.acting = None
    return served


def names(frames: list[Any]) -> list[str]:
    """The events, without what only says text."""
    return [frame.event for frame in frames if frame.event not in ("delta", "reasoning")]


def test_the_first_run_shows_an_agent(client: FlaskClient) -> None:
    """Without a key the demo model calls the calculator, and says what it got."""
    said = agent(client, "What is 12*7?", model="demo/demo")
    assert "84" in said["message"]["content"]
    assert [[c["name"] for c in step["calls"]] for step in said["steps"]] == [["calculator"], []]
    assert said["stop_reason"] == "answered"


def test_a_stream_shows_every_step(client: FlaskClient, upstream: Upstream) -> None:
    """Calls, results and rounds come as they happen, and one ending says why."""
    upstream.acting = acting([call("echo", text="a"), call("echo", text="b")], "Done.")
    frames = streamed(client)
    assert names(frames) == [
        "start", "tool_call", "tool_call", "tool_result", "tool_result", "step", "step", "usage",
        "done",
    ]  # fmt: skip
    asked = [frame.data for frame in frames if frame.event == "tool_call"]
    told = [frame.data for frame in frames if frame.event == "tool_result"]
    assert [(each["name"], each["arguments"]) for each in asked] == [
        ("echo", '{"text": "a"}'),
        ("echo", '{"text": "b"}'),
    ]
    assert {e["call_id"]: e["output"] for e in told} == dict(
        zip([each["call_id"] for each in asked], "ab", strict=True)
    )
    assert text(frames) == "Done."
    assert frames[-1].data["stop_reason"] == "answered"
    assert frames[-1].data["finish_reason"] == "stop"


def test_a_json_answer_is_the_fold_of_the_same(client: FlaskClient, upstream: Upstream) -> None:
    """It has the text, the steps and the sum of what they cost."""
    upstream.acting = acting([call("echo", text="a")], "Done.")
    said = agent(client)
    assert said["message"]["content"] == "Done."
    assert [step["summary"] for step in said["steps"]] == ["Called echo.", "Answered."]
    (called,) = said["steps"][0]["calls"]
    assert (called["arguments"], called["output"]) == ('{"text": "a"}', "a")
    for name in ("input_tokens", "output_tokens"):
        assert said["usage"][name] == sum(step["usage"][name] for step in said["steps"])


def test_a_run_can_be_read_again_as_it_was(
    client: FlaskClient, upstream: Upstream, services: Services
) -> None:
    """From memory and from storage its log is the same, event for event."""
    upstream.acting = acting([call("echo", text="a")], "Done.")
    frames = streamed(client)
    run_id = frames[0].data["run_id"]
    again = events(client, run_id)
    services.live._by_id.clear()
    assert events(client, run_id) == again == frames
    assert events(client, run_id, after=3) == frames[3:]


def test_steps_can_be_read_afterwards(
    client: FlaskClient, upstream: Upstream, services: Services
) -> None:
    """GET /api/runs/ID/steps says the same as the answer did, also when memory has let go of it."""
    upstream.acting = acting([call("echo", text="a")], "Done.")
    said = agent(client)
    services.live._by_id.clear()
    told = client.get(f"/api/runs/{said['run_id']}/steps").get_json()
    assert told["steps"] == said["steps"]
    assert (told["state"], told["waiting"]) == ("done", [])


def test_steps_are_their_owners_alone(client: FlaskClient) -> None:
    """A run that is not there, or is somebody else's, has none."""
    is_problem(client.get("/api/runs/run_0/steps"), 404, "not_found")


def test_the_next_turn_has_the_results(client: FlaskClient, upstream: Upstream) -> None:
    """Calls and results of an answer go with the conversation, where there are tools."""
    upstream.acting = acting([call("echo", text="a")], "Done.")
    conversation = agent(client)["conversation_id"]
    upstream.acting = acting("Again.")
    agent(client, conversation_id=conversation)
    roles = [message["role"] for message in upstream.requests[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert "\na\n" in results(upstream.requests[-1])[0]


@pytest.mark.parametrize("model", ["openai/mock-1", "anthropic/mock-1"])
def test_a_chat_goes_on_without_tools(client: FlaskClient, upstream: Upstream, model: str) -> None:
    """Vendors refuse calls where no tools are offered: a chat is sent what was said alone."""
    upstream.acting = acting([call("echo", text="a")], "Done.")
    conversation = agent(client)["conversation_id"]
    answer = client.post(
        "/api/chat",
        json={"message": "Hi", "conversation_id": conversation, "model": model},
        buffered=True,
    )
    assert answer.status_code == 200
    said = [m["content"] for m in upstream.requests[-1]["messages"] if m["role"] != "system"]
    assert said == ["Do it.", "Done.", "Hi"]


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_ids_of_calls_are_never_the_same(
    client: FlaskClient, upstream: Upstream, vendor: str
) -> None:
    """A vendor that says the same id in each answer gets other ones back."""
    upstream.acting = acting([call("echo", text="a")], [call("echo", text="b")], "Done.")
    said = agent(client, model=f"{vendor}/act-1")
    ids = [c["call_id"] for step in said["steps"] for c in step["calls"]]
    assert len(set(ids)) == 2


def test_parallel_tools_run_side_by_side(client: FlaskClient, upstream: Upstream) -> None:
    """Four that take 0.3 s each are through in less than two of them would take."""
    upstream.acting = acting([call("late")] * 4, "Done.")
    said = agent(client)
    assert said["steps"][0]["seconds"] < 0.9
    assert [c["output"] for c in said["steps"][0]["calls"]] == ["late"] * 4


def test_others_run_in_turn(client: FlaskClient, upstream: Upstream) -> None:
    """Where one of the batch may not run beside others each waits for the one before."""
    STARTED.clear()
    ENDED.clear()
    upstream.acting = acting([call("in_turn", number=n) for n in range(4)], "Done.")
    agent(client)
    assert STARTED == ENDED == [f"in {n}" for n in range(4)]


def test_every_call_is_in_the_ledger(
    client: FlaskClient, upstream: Upstream, services: Services
) -> None:
    """Each question to the model has its row, which says what its step says."""
    upstream.acting = acting([call("echo", text="a")], "Done.")
    said = agent(client)
    query = select(calls).where(calls.c.run_id == said["run_id"]).order_by(calls.c.id)
    rows = services.database.read(lambda tx: tx.execute(query).all())
    assert [(row.run_id, row.state) for row in rows] == [(said["run_id"], "ok")] * 2
    assert [r.input_tokens for r in rows] == [s["usage"]["input_tokens"] for s in said["steps"]]


def test_only_tools_that_are_named_are_offered(client: FlaskClient, upstream: Upstream) -> None:
    """`tools` grants no others, and an empty list grants none."""
    upstream.acting = acting("Done.")
    agent(client, tools=["echo"])
    agent(client, tools=[])
    first, second = upstream.requests
    assert [tool["function"]["name"] for tool in first["tools"]] == ["echo"]
    assert "tools" not in second


def test_a_tool_that_is_not_there(client: FlaskClient) -> None:
    """Naming it is a mistake in the request, and says so by field."""
    body = {"message": "Hi", "tools": ["rm"]}
    said = is_problem(client.post("/api/agent", json=body), 422, "invalid_request")
    assert "tools" in said["errors"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_steps", 0),
        ("max_steps", "3"),
        ("max_tool_calls", -1),
        ("max_tokens", 0),
        ("max_cost_usd", "-1"),
        ("timeout", 0),
        ("tools", "echo"),
        ("cache", True),
    ],
)
def test_bad_limits(client: FlaskClient, field: str, value: object) -> None:
    """What is no limit is refused, by field."""
    answer = client.post("/api/agent", json={"message": "Hi", field: value})
    assert field in is_problem(answer, 422, "invalid_request")["errors"]


def test_the_same_key_gets_the_same_run(client: FlaskClient, upstream: Upstream) -> None:
    """An Idempotency-Key finds the run that there is, with its steps."""
    upstream.acting = acting([call("echo", text="a")], "Done.")
    headers = {"Idempotency-Key": "once"}
    body = {"message": "Do it.", "model": MODEL}
    one, two = (
        client.post("/api/agent", json=body, headers=headers, buffered=True).get_json()
        for _ in range(2)
    )
    assert one == two
    assert len(upstream.requests) == 2


def test_both_vendors_get_the_results(client: FlaskClient, upstream: Upstream) -> None:
    """In Anthropic's format calls and results are blocks of their own."""
    upstream.acting = acting([call("echo", text="a"), call("nothing")], "Done.")
    agent(client, model="anthropic/act-1")
    *_, called, told = upstream.requests[-1]["messages"]
    assert [block["type"] for block in called["content"]] == ["tool_use", "tool_use"]
    blocks = {block["tool_use_id"]: block for block in told["content"]}
    assert set(blocks) == {block["id"] for block in called["content"]}
    assert [block.get("is_error", False) for block in told["content"]].count(True) == 1


def test_a_model_that_answers_at_once(client: FlaskClient, upstream: Upstream) -> None:
    """Who has tools need not use them."""
    upstream.acting = acting("Hello.")
    said = agent(client)
    assert [step["summary"] for step in said["steps"]] == ["Answered."]


def test_a_provider_that_fails_is_an_error(client: FlaskClient) -> None:
    """It is no limit of ours: the stream ends as any other does."""
    frames = streamed(client, model="openai/status-500")
    assert frames[-1].event == "error"
    assert frames[-1].data["code"].startswith("provider_")


def test_a_run_is_stopped_between_two_calls(client: FlaskClient, upstream: Upstream) -> None:
    """Stop ends it with `done`, and what there was is kept."""
    upstream.acting = obedient([call("sleep_for_ever")])
    with agenting.live(client, on_disconnect="continue") as stream:
        stream.read_until(b"tool_call")
        run_id = stream.frames[0].data["run_id"]
        assert client.post(f"/api/runs/{run_id}/stop").get_json()["state"] == "stopped"
        frames = stream.read_all()
    assert frames[-1].data["stop_reason"] == frames[-1].data["finish_reason"] == "stopped"

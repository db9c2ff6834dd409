"""Models and tools that never come to an end, and runs that always do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.services import Services
from app.services.agents import isolation
from app.storage.tables import calls
from tests.blueprints.agenting import (
    MODEL,
    acting,
    agent,
    call,
    live,
    obedient,
    streamed,
    with_tools,
)
from tests.blueprints.talk import eventually, is_problem
from tests.services.agents.misbehaving import ENDED, STARTED
from tests.upstream import Upstream
from tests.upstream.answers import Call

_SECONDS = 3.0  # of which a quarter is for the last answer
_SLACK = 2.0  # generous: other tests run beside this one. `make prove` measures.
_KNOWN = "This is what I know."


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


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("echo", "max_steps"),
        ("sleep_for_ever", "timeout"),
        ("sleep_in_a_thread", "timeout"),
        ("compute_for_ever", "timeout"),
        ("stubborn", "timeout"),
        ("huge", "max_steps"),
        ("raising", "too_many_errors"),
        ("leaving", "too_many_errors"),
        ("failing", "too_many_errors"),
        ("recursing", "too_many_errors"),
        ("endless", "too_many_errors"),
        ("slow", "too_many_errors"),
        ("no_such_tool", "too_many_errors"),
    ],
)
def test_every_run_ends_in_its_time(
    client: FlaskClient, upstream: Upstream, name: str, reason: str
) -> None:
    """Whatever a tool does, and though the model never stops calling it: there is an answer, with
    its steps and its cost, before the time is up.
    """
    arguments = {"text": "a"} if name == "echo" else {}
    upstream.acting = obedient([call(name, **arguments)])
    began = time.monotonic()
    said = agent(client, timeout=_SECONDS if reason == "timeout" else 20)
    if reason == "timeout":
        assert time.monotonic() - began < _SECONDS + _SLACK
    assert said["stop_reason"] == reason
    assert said["message"]["content"] == _KNOWN
    assert said["steps"][-1]["last"]
    assert said["usage"]["input_tokens"] > 0
    assert "cost_usd" in said


def test_what_computes_for_ever_is_gone_afterwards(client: FlaskClient, upstream: Upstream) -> None:
    """Its thread is thrown at, and ends."""
    upstream.acting = obedient([call("compute_for_ever")])
    agent(client, timeout=0.8)
    eventually(lambda: not isolation._working)


@pytest.mark.parametrize("timeout", [0.3, 1.0])
def test_a_model_that_never_begins(client: FlaskClient, upstream: Upstream, timeout: float) -> None:
    """Its time is up as well, and the answer is ours: that there is none."""
    began = time.monotonic()
    said = agent(client, model="openai/silent-0", timeout=timeout)
    assert time.monotonic() - began < timeout + _SLACK
    assert (said["stop_reason"], said["degraded"]) == ("timeout", True)


def test_a_model_that_calls_although_it_may_not(client: FlaskClient, upstream: Upstream) -> None:
    """What it calls last is not carried out, and the last results stand in for its answer."""
    STARTED.clear()
    upstream.acting = lambda _: [call("echo", text="as far as I came")]
    said = agent(client, max_steps=2)
    assert said["stop_reason"] == "max_steps"
    assert "as far as I came" in said["message"]["content"]
    assert said["degraded"] is True
    assert len(upstream.requests) == 3


def test_fifty_calls_at_once(client: FlaskClient, upstream: Upstream) -> None:
    """As many as may be are carried out; the others are told so, one by one."""
    upstream.acting = obedient([call("echo", text=str(n)) for n in range(50)])
    said = agent(client, max_tool_calls=30)
    called = said["steps"][0]["calls"]
    assert [c["output"] for c in called[:30]] == [str(n) for n in range(30)]
    assert all("30 calls are all" in c["error"] for c in called[30:])
    assert said["stop_reason"] == "max_tool_calls"
    assert said["message"]["content"] == _KNOWN


def test_fifty_calls_that_never_end(client: FlaskClient, upstream: Upstream) -> None:
    """They wait for one another for no longer than the run lasts."""
    upstream.acting = obedient([call("sleep_for_ever")] * 50)
    began = time.monotonic()
    said = agent(client, timeout=_SECONDS)
    assert time.monotonic() - began < _SECONDS + _SLACK
    assert said["stop_reason"] in ("timeout", "too_many_errors", "max_tool_calls")


def test_a_huge_result_is_shortened(client: FlaskClient, upstream: Upstream) -> None:
    """The model gets its beginning and its end, and is told how much is missing."""
    upstream.acting = acting([call("huge")], "Done.")
    said = agent(client)
    sent = upstream.requests[-1]["messages"][-1]["content"]
    assert len(sent) < 30_000
    assert "of 10,000,000 characters are left out" in sent
    assert len(said["steps"][0]["calls"][0]["output"]) < 600


def test_what_a_tool_says_of_itself_stays_here(client: FlaskClient, upstream: Upstream) -> None:
    """Of an exception nobody hears but that there was one."""
    upstream.acting = acting([call("raising")], "Done.")
    said = agent(client)
    assert "swordfish" not in str(said)
    assert "swordfish" not in str(upstream.requests)


def test_bad_arguments_are_told_to_the_model(client: FlaskClient, upstream: Upstream) -> None:
    """It hears what to change, and may call again."""
    bad = [Call("echo", ['{"text": 5, "more": 1}']), Call("echo", ["{not json"])]
    upstream.acting = acting(bad, [call("echo", text="a")], "Done.")
    said = agent(client)
    first, second = said["steps"][0]["calls"]
    assert "text" in first["error"]
    assert "more" in first["error"]
    assert second["error"]
    assert said["steps"][1]["calls"][0]["output"] == "a"


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ({"max_steps": 1}, "max_steps"),
        ({"max_tool_calls": 1}, "max_tool_calls"),
        ({"max_tokens": 6_000}, "max_tokens"),
    ],
)
def test_limits_that_a_caller_sets(
    client: FlaskClient, upstream: Upstream, limit: dict[str, Any], reason: str
) -> None:
    """Each ends the run with an answer that says which it was."""
    upstream.acting = obedient([call("echo", text="word " * 200)])
    said = agent(client, **limit)
    assert (said["stop_reason"], said["message"]["content"]) == (reason, _KNOWN)
    if reason == "max_tokens":
        used = said["usage"]["input_tokens"] + said["usage"]["output_tokens"]
        assert used <= 6_000


def test_a_price_that_nobody_knows(client: FlaskClient, upstream: Upstream) -> None:
    """Without a limit of the caller's the house's own does not refuse the model; with one it is."""
    upstream.acting = acting("Done.")
    assert agent(client)["cost_usd"] is None
    frames = streamed(client, max_cost_usd="1")
    assert frames[-1].data["code"] == "unpriced_model"


@pytest.mark.parametrize("name", ["sleep_for_ever", "sleep_in_a_thread"])
def test_a_caller_who_leaves_ends_the_tool(
    client: FlaskClient, upstream: Upstream, services: Services, name: str
) -> None:
    """The tool is ended and the call to the model is booked, both at once."""
    STARTED.clear()
    ENDED.clear()
    upstream.acting = obedient([call(name)])
    with live(client) as stream:
        stream.read_until(b"tool_call")
        run_id = stream.frames[0].data["run_id"]
        eventually(lambda: STARTED)
    left = time.monotonic()
    eventually(lambda: ENDED)
    states = select(calls.c.state).where(calls.c.run_id == run_id)
    eventually(lambda: services.database.read(lambda tx: tx.scalars(states).all()) == ["ok"])
    assert time.monotonic() - left < 1.0 + _SLACK


def test_a_download_is_cut_with_its_caller(client: FlaskClient, upstream: Upstream) -> None:
    """What a tool has open, in a thread of its own, is closed when nobody waits for it any more."""
    STARTED.clear()
    with Upstream() as slow:
        url = f"{slow.url}/v1/models"
        slow.listing = "silent-0"
        upstream.acting = obedient([call("download", url=url)])
        with live(client) as stream:
            stream.read_until(b"tool_call")
            eventually(lambda: slow.open)
        eventually(lambda: not slow.open)


def test_a_limit_on_time_that_is_no_number(client: FlaskClient) -> None:
    """It is refused by field."""
    answer = client.post("/api/agent", json={"message": "Hi", "timeout": "soon", "model": MODEL})
    assert "timeout" in is_problem(answer, 422, "invalid_request")["errors"]


def test_threads_are_not_left_behind(client: FlaskClient, upstream: Upstream) -> None:
    """Twenty calls in threads of their own leave none."""
    upstream.acting = acting([call("late")] * 20, "Done.")
    before = threading.active_count()
    agent(client)
    assert threading.active_count() <= before
    assert not isolation._working

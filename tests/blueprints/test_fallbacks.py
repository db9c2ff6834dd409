"""A chain of models over HTTP: who answers, what it costs when nobody does, and who rests."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.chains import Step
from tests.blueprints.shared import against
from tests.blueprints.talk import chat, eventually, is_problem, live, messages, streamed, text
from tests.upstream import Upstream

_DEAD = "openai/status-503"


def chain(*models: str) -> tuple[Step, ...]:
    return tuple(Step(model=model) for model in models)


@pytest.fixture
def settings(upstream: Upstream) -> dict[str, Any]:
    return {
        **against(upstream),
        "chat_model": _DEAD,
        "fallback_models": chain("anthropic/mock-3"),
        "model_aliases": {
            "cut": chain("openai/cut-2", "anthropic/mock-3"),
            "silent": (
                Step(model="openai/silent-0", first_byte=0.1),
                Step(model="anthropic/mock-2"),
            ),
            "hopeless": chain(_DEAD, "openai/status-500", "anthropic/status-529"),
            "wrong": chain("openai/status-400", "anthropic/mock-3"),
            "keyless": chain("openai/status-401", "anthropic/mock-3"),
        },
    }


def test_the_next_model_takes_over(client: FlaskClient) -> None:
    """The caller sees one answer from a model that works, and which one it was."""
    events = streamed(client)
    assert [events[0].data["model"], text(events), events[-1].event] == [
        "anthropic/mock-3",
        "t0 t1 t2 ",
        "done",
    ]
    stored = messages(client, events[0].data["conversation_id"])[-1]
    assert (stored["model"], stored["status"]) == ("anthropic/mock-3", "complete")
    run = client.get(f"/api/runs/{events[0].data['run_id']}").get_json()
    assert run["model"] == "anthropic/mock-3"
    assert chat(client)["model"] == "anthropic/mock-3"


def test_a_model_that_is_named_is_asked_alone(client: FlaskClient, upstream: Upstream) -> None:
    """Who wants this model gets it or its error; the chain is the default's and the aliases'."""
    answer = client.post("/api/chat", json={"message": "hi", "model": "anthropic/status-529"})
    is_problem(answer, 503, "provider_overloaded")
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(("alias", "model"), [("silent", "mock-2"), ("keyless", "mock-3")])
def test_patience_and_keys_of_each_model(client: FlaskClient, alias: str, model: str) -> None:
    """A model that is silent for longer than its chain allows, or takes no key, is passed over."""
    assert chat(client, model=alias)["model"] == f"anthropic/{model}"


def test_after_the_first_token_nobody_takes_over(client: FlaskClient, upstream: Upstream) -> None:
    """What was cut in the middle ends in its error, and what was said stays what it was."""
    events = streamed(client, model="cut")
    assert (text(events), events[0].data["model"]) == ("t0 t1 ", "openai/cut-2")
    assert (events[-1].event, events[-1].data["code"]) == ("error", "provider_cut_off")
    assert len(upstream.requests) == 1


def test_a_wrong_request_is_not_carried_around(client: FlaskClient, upstream: Upstream) -> None:
    """What one vendor calls invalid is the caller's to know."""
    answer = client.post("/api/chat", json={"message": "hi", "model": "wrong"})
    is_problem(answer, 422, "provider_refused")
    assert len(upstream.requests) == 1


def test_when_all_fail(client: FlaskClient, upstream: Upstream) -> None:
    """Each was asked once, the last one's error is told, and the conversation goes on."""
    events = streamed(client, model="hopeless")
    assert (events[0].event, events[-1].event) == ("start", "error")
    assert events[-1].data["code"] == "provider_overloaded"
    assert len(upstream.requests) == 3
    again = streamed(client, conversation_id=events[0].data["conversation_id"])
    assert (again[-1].event, text(again)) == ("done", "t0 t1 t2 ")


def test_an_alias_of_no_chain(client: FlaskClient) -> None:
    """A word that is neither provider nor alias is a 422 that says what there is."""
    answer = client.post("/api/chat", json={"message": "hi", "model": "fast"})
    assert "openai" in is_problem(answer, 422, "unknown_model")["detail"]


def test_who_fails_too_often_rests(client: FlaskClient, upstream: Upstream) -> None:
    """Behind an open circuit a dead model costs no call, and with a fallback no caller notices."""
    for _ in range(10):
        client.post("/api/chat", json={"message": "hi", "model": "openai/status-502"})
    before = len(upstream.requests)
    for _ in range(100):
        answer = client.post("/api/chat", json={"message": "hi", "model": "openai/status-502"})
        problem = is_problem(answer, 503, "provider_paused")
        assert problem["retryable"]
        assert answer.headers["Retry-After"]
    assert len(upstream.requests) == before
    for _ in range(30):
        assert chat(client)["model"] == "anthropic/mock-3"
    dead = [r for r in upstream.requests if r["model"] == "status-503"]
    assert len(dead) == 10


def test_a_resting_model_is_seen(client: FlaskClient) -> None:
    """Readiness, figures and the list of models say whose circuit is open."""
    for _ in range(10):
        client.post("/api/chat", json={"message": "hi", "model": "openai/status-502"})
    circuits = client.get("/readyz?verbose").get_json()["circuits"]
    assert {"model": "openai/status-502", "state": "open"} in circuits
    figures = client.get("/metrics").text
    # A caller's own name for a model makes no label.
    assert 'parley_circuit_open{model="other",provider="openai"} 1.0' in figures


def test_stopping_before_it_is_known_who_answers(client: FlaskClient, upstream: Upstream) -> None:
    """The run's id stands in a header at once, so that it can be stopped before its start."""
    with live(client, model="silent") as stream:
        run_id = stream.answer.headers["X-Run-ID"]
        assert stream.read_until(b": hb\n").frames == []
        assert client.post(f"/api/runs/{run_id}/stop").get_json()["state"] == "stopped"
        events = stream.read_all()
    assert [e.event for e in events] == ["start", "usage", "done"]
    assert events[-1].data["finish_reason"] == "stopped"
    eventually(lambda: upstream.open == 0)


class TestWhenNobodyAnswers:
    """A text of the configuration stands in, and says that it does."""

    @pytest.fixture
    def settings(self, upstream: Upstream) -> dict[str, Any]:
        return {**against(upstream), "degraded_message": "We will call you back."}

    def test_it_stands_in(self, client: FlaskClient, upstream: Upstream) -> None:
        """The answer is marked, costs nothing, replays the same, and no model ever reads it."""
        events = streamed(client, model=_DEAD)
        assert text(events) == "We will call you back."
        assert (events[-1].event, events[-1].data["degraded"]) == ("done", True)
        assert (events[-1].data["usage"]["output_tokens"], events[-1].data["cost_usd"]) in [
            (0, 0),
            (0, None),
        ]
        conversation = events[0].data["conversation_id"]
        stored = messages(client, conversation)[-1]
        assert (stored["status"], stored["error"]["code"]) == ("incomplete", "provider_overloaded")
        assert chat(client, model=_DEAD)["degraded"] is True
        chat(client, "Again", conversation_id=conversation, model="openai/mock-1")
        assert [m["content"] for m in upstream.requests[-1]["messages"]] == ["Hello", "Again"]

    def test_it_does_not_hide_what_a_caller_got_wrong(self, client: FlaskClient) -> None:
        """A request that is refused as invalid is told as it is."""
        answer = client.post("/api/chat", json={"message": "hi", "model": "openai/status-400"})
        is_problem(answer, 422, "provider_refused")

    def test_it_does_not_finish_what_a_model_began(self, client: FlaskClient) -> None:
        """An answer that broke in the middle ends in its error."""
        assert streamed(client, model="openai/cut-2")[-1].event == "error"


class TestCachedAnswers:
    """With `cache: true` the same question costs once."""

    def test_a_hit_says_so(self, client: FlaskClient, upstream: Upstream) -> None:
        """It streams as usual, costs nothing, and is a turn of its own."""
        body = {"model": "openai/mock-3", "cache": True}
        first, second = streamed(client, "hi", **body), streamed(client, "hi", **body)
        assert text(first) == text(second) == "t0 t1 t2 "
        assert "cached" not in first[-1].data
        assert (second[-1].data["cached"], second[-1].data["cost_usd"]) == (True, 0)
        assert second[-1].data["usage"]["output_tokens"] == 0
        assert len(upstream.requests) == 1
        run_id = second[0].data["run_id"]
        assert client.get(f"/api/runs/{run_id}/events", buffered=True).data.count(b"delta") == 3
        assert chat(client, "hi", **body)["cached"] is True

    def test_without_asking_there_is_none(self, client: FlaskClient, upstream: Upstream) -> None:
        """Nobody gets an old answer who did not ask for it."""
        for _ in range(2):
            streamed(client, "hi", model="openai/mock-3")
        assert len(upstream.requests) == 2

    def test_what_is_left_to_chance_is_not_kept(self, client: FlaskClient) -> None:
        """A temperature asks for another answer each time: the two exclude each other."""
        body = {"message": "hi", "cache": True, "temperature": 0.5}
        problem = is_problem(client.post("/api/chat", json=body), 422, "invalid_request")
        assert "cache" in problem["errors"]

"""OpenAI's chat completions: booked, limited, followed by others, and ended with a word."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.blueprints import streaming
from app.chains import chain
from app.services import Services
from app.tariffs import read
from tests.blueprints.completing import CHAT, HELLO, booked, chunks, completed, post, refused
from tests.blueprints.talk import chat, eventually, frames, messages, rows
from tests.upstream import Upstream

pytestmark = pytest.mark.usefixtures("within_a_minute")


@pytest.fixture
def settings(with_upstream: dict[str, Any]) -> dict[str, Any]:
    return {
        **with_upstream,
        "model_prices": read('{"*/*": {"input": "100", "output": "200"}}'),
        "model_aliases": {"sturdy": chain("openai/status-503, anthropic/mock-2")},
    }


@pytest.mark.parametrize("stream", [False, True])
def test_the_ledger_has_it(client: FlaskClient, services: Services, stream: bool) -> None:
    """A call is booked at what it cost, and nothing of what was said is stored."""
    post(client, model="openai/mock-3", stream=stream)
    eventually(lambda: booked(services)[0].state == "ok")
    row = booked(services)[0]
    assert (row.model, row.conversation_id) == ('"mock-3"', "")
    assert (row.input_tokens, row.output_tokens) == (10, 5)
    assert row.cost == 2_000 * 10**6
    assert sum(rows(services).values()) == 0


def test_another_model_stands_in(client: FlaskClient, services: Services) -> None:
    """An alias's chain is asked in turn, and the answer says who gave it."""
    said = completed(client, model="sturdy")
    assert said["model"] == "anthropic/mock-2"
    streamed = chunks(post(client, model="sturdy", stream=True))
    assert {chunk["model"] for chunk in streamed} == {"anthropic/mock-2"}
    states = [(row.provider, row.state) for row in booked(services)]
    assert states == [("openai", "failed"), ("anthropic", "ok")] * 2


class TestBudget:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "budget_day_usd": Decimal("0.0001")}

    @pytest.mark.parametrize("stream", [False, True])
    def test_it_is_spent(self, client: FlaskClient, upstream: Upstream, stream: bool) -> None:
        """It is a 402 before anybody is asked, in a stream too."""
        refused(post(client, model="openai/mock-1", stream=stream), 402, "insufficient_quota")
        assert upstream.requests == []


class TestLimits:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "limit_requests_per_minute": 1, "limit_streams": 1}

    def test_one_too_many(self, client: FlaskClient) -> None:
        """It is a 429 that says when to come again, and what is left is told as anywhere."""
        answer = post(client, model="openai/mock-1")
        assert '"requests";r=0' in answer.headers["RateLimit"]
        answer = post(client, model="openai/mock-1", stream=True)
        refused(answer, 429, "rate_limit_exceeded")
        assert int(answer.headers["Retry-After"]) > 0

    def test_a_place_is_given_back(self, client: FlaskClient, services: Services) -> None:
        """When the stream has ended, and when the request was refused."""
        refused(post(client, model="openai/mock-1", tools=[_tool()], tool_choice="required",
                     response_format=_form({"type": 1})), 400, "invalid_request",
                "response_format")  # fmt: skip
        post(client, model="openai/mock-1", stream=True)
        eventually(lambda: not services.live._open)


def _tool(**more: Any) -> dict[str, Any]:
    parameters = {
        "type": "object",
        "properties": {"days": {"type": "integer"}},
        "required": ["days"],
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": "lookup", "parameters": parameters, **more}}


def _form(schema: Any, **more: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, **more}}


def test_it_fails_before_a_word(client: FlaskClient) -> None:
    """What is asked for as a stream is an answer with a status, if nothing was said yet."""
    answer = post(client, model="openai/status-503", stream=True)
    refused(answer, 503, "provider_overloaded")


def test_nobody_waits_for_ever(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first word is long in coming, the stream begins without it."""
    monkeypatch.setattr(streaming, "_OPENING", 0.02)
    began = time.monotonic()
    answer = client.post(
        CHAT, json={"model": "openai/slow-0.2-status-503", "messages": HELLO, "stream": True}
    )
    assert answer.status_code == 200
    assert time.monotonic() - began < 0.2
    assert b": hb\n" in b"".join(answer.response)  # type: ignore[arg-type]
    answer.close()


def test_a_stream_begins_at_once(client: FlaskClient) -> None:
    """The first byte is a comment, and nothing on the way may hold the stream up."""
    answer = post(client, model="openai/mock-1", stream=True)
    assert answer.data.startswith(b": hb\ndata: ")
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["X-Request-ID"]
    assert answer.headers["X-Run-ID"].startswith("run_")


def test_a_stop_from_elsewhere(client: FlaskClient, services: Services) -> None:
    """Whoever knows the run's id can stop it, and the stream's end is no answer's."""
    answer = client.post(
        CHAT, json={"model": "openai/mock-100-10000", "messages": HELLO, "stream": True}
    )
    stopped = client.post(f"/api/runs/{answer.headers['X-Run-ID']}/stop", buffered=True)
    assert stopped.status_code == 200
    body = b"".join(answer.response)  # type: ignore[arg-type]
    answer.close()
    assert b'"code":"stopped"' in body
    assert b"[DONE]" not in body
    assert booked(services)[0].state == "stopped"


def test_the_answer_is_held_to_its_schema(client: FlaskClient, upstream: Upstream) -> None:
    """Valid data is an answer; what is wrong with the rest is told by path."""
    form = _form({"type": "object", "properties": {"days": {"type": "integer"}}})
    upstream.saying = lambda _: '{"days": 3}'
    said = completed(client, model="openai/say-1", response_format=form)
    assert said["choices"][0]["message"]["content"] == '{"days": 3}'
    for wrong in ('{"days": "three"}', "three days", '```json\n{"days": 3}\n```', "[3]"):
        upstream.saying = lambda _, wrong=wrong: wrong
        refused(post(client, model="openai/say-1", response_format=form), 422, "output_invalid")
        streamed = chunks(post(client, model="openai/say-1", response_format=form, stream=True))
        assert streamed[-1]["error"]["code"] == "output_invalid"


def test_any_object(client: FlaskClient, upstream: Upstream) -> None:
    """`json_object` is an object, whatever is in it, and nothing else."""
    upstream.saying = lambda _: '{"anything": [1]}'
    completed(client, model="anthropic/say-1", response_format={"type": "json_object"})
    upstream.saying = lambda _: "[1]"
    answer = post(client, model="anthropic/say-1", response_format={"type": "json_object"})
    refused(answer, 422, "output_invalid")


def test_what_was_cut_is_not_judged(client: FlaskClient) -> None:
    """At its limit an answer cannot be whole; its reader is told why."""
    said = completed(client, model="openai/length-2", response_format=_form({"type": "object"}))
    assert said["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_strict_tools(client: FlaskClient, upstream: Upstream, provider: str) -> None:
    """The arguments of a strict tool fit its schema, or there is no answer."""
    strict = [_tool(strict=True)]
    upstream.calling = lambda _: '{"days": 3}'
    completed(client, model=f"{provider}/tool-1", tools=strict)
    upstream.calling = lambda _: '{"days": "3"}'
    answer = post(client, model=f"{provider}/tool-1", tools=strict)
    assert "days" in refused(answer, 422, "output_invalid")
    completed(client, model=f"{provider}/tool-1", tools=[_tool()])


class TestConversations:
    def test_the_turn_is_kept(self, client: FlaskClient, upstream: Upstream) -> None:
        """The server's history is sent, what else the caller brings is not, and both are kept."""
        known = chat(client, "one", model="openai/mock-1")["conversation_id"]
        brought = [{"role": "assistant", "content": "forged"}, {"role": "user", "content": "two"}]
        said = completed(
            client, model="openai/mock-2", messages=brought, metadata={"conversation_id": known}
        )
        assert said["choices"][0]["message"]["content"] == "t0 t1 "
        sent = [message["content"] for message in upstream.requests[-1]["messages"]]
        assert sent == ["one", "t0 ", "two"]
        kept = [message["content"] for message in messages(client, known)]
        assert kept == ["one", "t0 ", "two", "t0 t1 "]

    def test_somebody_elses(self, client: FlaskClient) -> None:
        """It is as if it were not there."""
        answer = post(client, model="openai/mock-1", metadata={"conversation_id": "conv_none"})
        refused(answer, 404, "not_found")

    @pytest.mark.parametrize(
        ("param", "body"),
        [
            ("tools", {"tools": [_tool()]}),
            ("response_format", {"response_format": {"type": "json_object"}}),
            ("messages", {"messages": [{"role": "assistant", "content": "a"}]}),
            ("messages", {"messages": [{"role": "user", "content": " "}]}),
        ],
    )
    def test_what_cannot_be_kept(
        self, client: FlaskClient, param: str, body: dict[str, Any]
    ) -> None:
        """It is refused by name."""
        known = chat(client, "one", model="openai/mock-1")["conversation_id"]
        metadata = {"conversation_id": known}
        answer = post(client, **{"model": "openai/mock-1", "metadata": metadata, **body})
        refused(answer, 400, "invalid_request", param)


def test_the_run_is_there_to_follow(client: FlaskClient) -> None:
    """While it is remembered its owner can read it as a native stream, with what was called."""
    answer = post(client, model="openai/tool-1", tools=[_tool()], stream=True)
    run_id = answer.headers["X-Run-ID"]
    state = client.get(f"/api/runs/{run_id}", buffered=True).get_json()
    assert (state["state"], state["conversation_id"]) == ("done", None)
    events = frames(client.get(f"/api/runs/{run_id}/events", buffered=True).data)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert [*dict.fromkeys(event.event for event in events)] == [
        "start", "tool_input", "tool_call", "usage", "done",
    ]  # fmt: skip
    written = "".join(event.data["text"] for event in events if event.event == "tool_input")
    assert [e.data["arguments"] for e in events if e.event == "tool_call"] == [written]


class TestProfiles:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        facts = {"max_output_tokens": 10, "tools": False, "images": False, "reasoning": False}
        return {**settings, "model_profiles": {"openai/*": facts}}

    @pytest.mark.parametrize(
        ("param", "body"),
        [
            ("max_completion_tokens", {"max_tokens": 11}),
            ("tools", {"tools": [_tool()]}),
            ("reasoning_effort", {"reasoning_effort": "low"}),
        ],
    )
    def test_models_that_cannot(
        self, client: FlaskClient, param: str, body: dict[str, Any]
    ) -> None:
        """What a model cannot do is a 400 that names the parameter in OpenAI's words."""
        refused(post(client, model="openai/mock-1", **body), 400, "invalid_request", param)


def test_the_demo_model_knows_it_too(client: FlaskClient) -> None:
    """Without any key the door is open to try."""
    said = completed(client, model="demo/demo")
    assert said["choices"][0]["message"]["content"]
    assert chunks(post(client, model="demo/demo", stream=True))[-1]["choices"][0]["finish_reason"]


def test_an_alias_is_listed(client: FlaskClient) -> None:
    """Who lists the models finds it among them, and finds it alone, too."""
    listed = client.get("/v1/models").get_json()["data"]
    (found,) = [model for model in listed if model["id"] == "sturdy"]
    assert client.get("/v1/models/sturdy").get_json() == found
    (told,) = client.get("/api/models").get_json()["aliases"]
    assert told == {"id": "sturdy", "models": ["openai/status-503", "anthropic/mock-2"]}

"""A turn of the chat, whole and streamed, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.talk import HEARTBEAT, chat, live, messages, rows, streamed, text

_USAGE = {
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "estimated",
}


def test_an_answer_has_every_field(client: FlaskClient) -> None:
    """The whole answer is what the contract lists, each with its type."""
    said = chat(client)
    assert set(said) == {
        "run_id",
        "conversation_id",
        "message",
        "model",
        "finish_reason",
        "usage",
        "cost_usd",
        "truncated_turns",
    }
    assert set(said["message"]) == {"id", "role", "content"}
    assert set(said["usage"]) == _USAGE
    assert said["message"]["role"] == "assistant"
    assert "demo model" in said["message"]["content"]
    assert (said["model"], said["finish_reason"]) == ("demo/demo", "stop")
    assert (said["cost_usd"], said["truncated_turns"]) == (0.0, 0)
    assert said["usage"]["output_tokens"] > 5


def test_a_stream_is_start_deltas_usage_done(client: FlaskClient) -> None:
    """Events come in the agreed order, numbered from 1 without a gap, each with its fields."""
    events = streamed(client)
    assert [frame.number for frame in events] == list(range(1, len(events) + 1))
    names = [frame.event for frame in events]
    assert names == ["start", *["delta"] * (len(names) - 3), "usage", "done"]
    assert set(events[0].data) >= {"run_id", "conversation_id", "message_id", "model"}
    assert all(set(frame.data) == {"text"} for frame in events[1:-2])
    assert set(events[-2].data) == _USAGE | {"cost_usd"}
    assert set(events[-1].data) == {"finish_reason", "usage", "cost_usd"}
    assert events[-1].data["usage"].items() <= events[-2].data.items()


def test_a_stream_opens_at_once_and_is_not_held_up(client: FlaskClient) -> None:
    """A comment is the first line, and the headers keep proxies from storing or collecting."""
    answer = client.post("/api/chat/stream", json={"message": "Hello"})
    assert str(next(iter(answer.response))).startswith(str(HEARTBEAT)[:-1])
    assert answer.content_type == "text/event-stream; charset=utf-8"
    assert {"no-cache", "no-transform"} <= set(answer.headers["Cache-Control"].split(", "))
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["X-Request-ID"]
    answer.close()


def test_streamed_whole_and_stored_are_one_text(client: FlaskClient) -> None:
    """The deltas joined, the whole answer and what is kept are the same, for the same question."""
    question = "Show me code, a table and a list: ünï😀\u2028\0"
    events, whole = streamed(client, question), chat(client, question)
    assert text(events) == whole["message"]["content"]
    for conversation_id in (events[0].data["conversation_id"], whole["conversation_id"]):
        asked, answered = messages(client, conversation_id)
        assert (asked["role"], asked["content"]) == ("user", question)
        assert (answered["role"], answered["content"]) == ("assistant", text(events))
        assert answered["status"] == "complete"


class TestWhileItIsSaid:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"demo_tokens_per_second": 20.0}

    def test_ids_lead_to_what_is_stored(self, client: FlaskClient) -> None:
        """The ids of `start` are those of the stored messages and run, before anything is said."""
        with live(client) as stream:
            start = stream.read_until(b"event: start").frames[0].data
            assert client.get(f"/api/runs/{start['run_id']}").get_json()["state"] == "running"
            stream.read_all()
        asked, answered = messages(client, start["conversation_id"])
        assert (asked["id"], answered["id"]) == (start["user_message_id"], start["message_id"])
        assert (asked["parent_id"], answered["parent_id"]) == (None, asked["id"])
        assert answered["run_id"] == start["run_id"]


def test_memory(client: FlaskClient) -> None:
    """What was said in one turn is known in the next, streamed or not, and only there."""
    first = chat(client, "my name is Ada")
    known = {"conversation_id": first["conversation_id"]}
    assert "Your name is Ada." in chat(client, "what is my name?", **known)["message"]["content"]
    assert "Your name is Ada." in text(streamed(client, "what is my name?", **known))
    assert "not told me" in chat(client, "what is my name?")["message"]["content"]


def test_a_system_prompt_stays(client: FlaskClient) -> None:
    """It holds for its turn and those after it, until another one replaces it."""
    first = chat(client, "Hi", system="Be a pirate")
    known = {"conversation_id": first["conversation_id"]}
    assert "Be a pirate" in first["message"]["content"]
    assert "Be a pirate" in chat(client, "Go on", **known)["message"]["content"]
    changed = chat(client, "Go on", system="Be a poet", **known)["message"]["content"]
    assert "Be a poet" in changed
    assert "pirate" not in chat(client, "And on", **known)["message"]["content"]


def test_a_null_is_the_same_as_nothing(client: FlaskClient, services: Services) -> None:
    """Clients that send every field, with nulls, get what those get that leave them out."""
    names = ["conversation_id", "parent_id", "model", "system", "temperature", "max_output_tokens"]
    names.append("on_disconnect")
    nulls: dict[str, Any] = dict.fromkeys(names)
    assert (
        chat(client, "Hi", **nulls)["message"]["content"]
        == chat(client, "Hi")["message"]["content"]
    )
    assert rows(services).items() >= {"conversations": 2, "messages": 4, "runs": 2}.items()


def test_a_limit_is_a_finish_reason(client: FlaskClient) -> None:
    """An answer that was cut by `max_output_tokens` says `length`, streamed or not."""
    whole = chat(client, max_output_tokens=3)
    assert (whole["finish_reason"], whole["usage"]["output_tokens"]) == ("length", 3)
    events = streamed(client, max_output_tokens=3)
    assert events[-1].data["finish_reason"] == "length"
    assert text(events) == whole["message"]["content"]

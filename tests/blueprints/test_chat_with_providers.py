"""A turn of the chat with a provider behind it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.talk import chat, messages, streamed, text
from tests.upstream import Upstream


@pytest.fixture
def settings(with_upstream: dict[str, Any]) -> dict[str, Any]:
    return with_upstream


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_the_third_turn_brings_four_messages(
    client: FlaskClient, upstream: Upstream, provider: str
) -> None:
    """The provider is sent what was said before, in order, with the new message last."""
    model = {"model": f"{provider}/mock-2"}
    first = chat(client, "one", system="be kind", **model)
    known = {"conversation_id": first["conversation_id"], **model}
    chat(client, "two", **known)
    streamed(client, "three", temperature=0.5, max_output_tokens=77, **known)
    body = upstream.requests[-1]
    said = [(m["role"], m["content"]) for m in body["messages"] if m["role"] != "system"]
    assert said == [
        ("user", "one"),
        ("assistant", "t0 t1 "),
        ("user", "two"),
        ("assistant", "t0 t1 "),
        ("user", "three"),
    ]
    assert body["model"] == "mock-2"
    assert 77 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert body.get("temperature") == (0.5 if provider == "openai" else None)
    system = body.get("system") or body["messages"][0]["content"]
    assert system == "be kind"


def test_stand_ins_give_the_same_bytes(client: FlaskClient) -> None:
    """The same answer over either vendor's format is the same text, byte for byte."""
    for kind in ("mock-9", "drip-9", "crlf-9"):
        texts = {text(streamed(client, model=f"{p}/{kind}")) for p in ("openai", "anthropic")}
        assert texts == {"".join(f"t{n} " for n in range(9))}


@pytest.mark.parametrize(("provider", "reasoning"), [("openai", 2), ("anthropic", 0)])
def test_usage_is_told_and_stored(client: FlaskClient, provider: str, reasoning: int) -> None:
    """Cached and reasoning tokens are in the answer, in the stream and with the message."""
    counted = {
        "input_tokens": 10,
        "cached_input_tokens": 4,
        "cache_write_tokens": 0,
        "output_tokens": 9,
        "reasoning_tokens": reasoning,
        "estimated": False,
    }
    whole = chat(client, model=f"{provider}/mock-7")
    events = streamed(client, model=f"{provider}/mock-7")
    assert whole["usage"] == events[-1].data["usage"] == counted
    assert events[-2].data == {**counted, "cost_usd": None}
    assert messages(client, whole["conversation_id"])[-1]["usage"] == counted


def test_usage_that_nobody_sent_is_estimated(client: FlaskClient) -> None:
    """Where the provider sends no figures, ours stand there and say so."""
    usage = chat(client, model="openai/bare-7")["usage"]
    assert usage["estimated"] is True
    assert usage["input_tokens"] > 0
    assert usage["output_tokens"] >= 7

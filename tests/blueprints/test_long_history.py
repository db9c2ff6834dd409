"""A conversation that outgrew the model's window."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.talk import chat, messages, streamed
from tests.upstream import Upstream

# A third of a token each: two such texts are more than the 128,000 of a model that nobody knows.
_LONG = 200_000


@pytest.fixture
def settings(with_upstream: dict[str, Any]) -> dict[str, Any]:
    return {**with_upstream, "chat_model": "openai/mock-1"}


def test_the_oldest_turns_are_left_out(client: FlaskClient, upstream: Upstream) -> None:
    """The newest turns are sent whole, the answer says how many are missing, all is kept."""
    first = chat(client, "x" * _LONG)
    assert first["truncated_turns"] == 0
    known = {"conversation_id": first["conversation_id"]}
    second = chat(client, "y" * _LONG, **known)
    assert second["truncated_turns"] == 1
    events = streamed(client, "z", **known)
    assert events[0].data["truncated_turns"] == 1
    sent = [message["content"][:2] for message in upstream.requests[-1]["messages"]]
    assert sent == ["yy", "t0", "z"]
    stored = messages(client, first["conversation_id"])
    assert [message["truncated_turns"] for message in stored] == [0, 0, 0, 1, 0, 1]
    assert len(stored[0]["content"]) == _LONG


def test_a_system_prompt_is_never_cut(client: FlaskClient, upstream: Upstream) -> None:
    """Turns go first: the instructions and the new question are sent in any case."""
    first = chat(client, "x" * _LONG, system="s" * _LONG)
    chat(client, "new", conversation_id=first["conversation_id"])
    sent = [message["content"][:3] for message in upstream.requests[-1]["messages"]]
    assert sent == ["sss", "new"]

"""What a model thought: apart from its answer, and sent back where its vendor asks for it."""

from __future__ import annotations

from app.events import ReasoningDelta, ReasoningSignature, TextDelta
from app.messages import Message, Part, ReasoningPart, user
from app.providers.base import ModelRequest, Provider
from app.providers.faults import Origin
from app.providers.messages_api import MessagesApi
from app.providers.messages_api_body import body
from app.providers.wire import events
from tests.upstream.frames import event as frame


def test_thoughts_are_not_the_answer(adapter: Provider) -> None:
    """Reasoning and text come as events of two kinds, each whole; Anthropic's has a signature."""
    request = ModelRequest(model="reasoning-3", messages=(user("hi"),))
    got = [event for batch in adapter.stream(request) for event in batch]
    assert "".join(e.text for e in got if isinstance(e, ReasoningDelta)) == "r0 r1 r2 "
    assert "".join(e.text for e in got if isinstance(e, TextDelta)) == "t0 t1 t2 "
    signed = [e for e in got if isinstance(e, ReasoningSignature)]
    assert signed == [ReasoningSignature("c2lnbmVk")] * (adapter.name == "anthropic")


def _block(index: int, begins: dict[str, str], *deltas: dict[str, str]) -> bytes:
    opened = frame({"type": "content_block_start", "index": index, "content_block": begins})
    inside = [
        frame({"type": "content_block_delta", "index": index, "delta": delta}) for delta in deltas
    ]
    return opened + b"".join(inside) + frame({"type": "content_block_stop", "index": index})


_THOUGHT = {"type": "thinking", "thinking": "Hm, so.", "signature": "c2ln"}
_OMITTED = {"type": "thinking", "thinking": "", "signature": "b21p"}
_REDACTED = {"type": "redacted_thinking", "data": "b3Bh"}


def test_blocks_go_back_as_they_came() -> None:
    """Anthropic refuses blocks that were changed: thinking, without its text too, and redacted."""
    stream = (
        _block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "Hm, "},
            {"type": "thinking_delta", "thinking": "so."},
            {"type": "signature_delta", "signature": "c2ln"},
        )
        + _block(1, _REDACTED)
        + _block(2, _OMITTED, {"type": "signature_delta", "signature": "b21p"})
        + frame({"type": "message_stop"})
    )
    parts: list[Part] = []
    text = ""
    origin = Origin("anthropic", "x")
    for event in [e for batch in events([stream], MessagesApi(origin), origin) for e in batch]:
        if isinstance(event, ReasoningDelta):
            text += event.text
        elif isinstance(event, ReasoningSignature):
            parts.append(ReasoningPart(text, event.signature, event.redacted))
            text = ""
    said = (user("hi"), Message("assistant", tuple(parts)), user("go on"))
    sent = body(ModelRequest(model="x", messages=said))["messages"][1]["content"]
    assert sent == [_THOUGHT, _REDACTED, _OMITTED]

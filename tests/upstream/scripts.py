"""The frames of a whole answer, as they come when nothing goes wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.upstream.answers import calls, pieces, thoughts
from tests.upstream.formats import Format
from tests.upstream.names import Order

_THOUGHTS = 3
_REASONS = {
    "length": "length",
    "filtered": "content_filter",
    "tool": "tool_calls",
    "tools": "tool_calls",
}


class Script(NamedTuple):
    """Frames: before the first token, one for each token, and after the last."""

    opening: Sequence[bytes]
    tokens: Sequence[bytes]
    closing: bytes


def script(format_: Format, model: str, order: Order, request: Mapping[str, Any]) -> Script:
    """What `order` makes of the request; for a fault, the answer in which it strikes."""
    texts, block = _texts(order), 0
    usage = order.kind != "bare"
    if order.kind in ("tool", "tools"):
        written = order.calls or (order.said and [order.said])
        called = written or calls(order.count, request)
        opening = format_.calling(model, called)
        block, length = len(called) - 1, sum(len(call.pieces) for call in called)
    else:
        opening, length = [format_.opening(model, usage=usage)], len(texts)
    if order.kind == "reasoning":
        opening, block = format_.thinking(model, thoughts(_THOUGHTS)), 1
    if order.kind == "error" and order.count == 0:
        opening = []
    tokens = [format_.piece(model, text, block=block) for text in texts]
    if order.kind in ("tool", "tools"):
        opening, tokens = opening[:1], [*opening[1:]]
    reason = _REASONS.get(order.kind, "stop")
    return Script(
        opening, tokens, format_.closing(model, length, usage=usage, reason=reason, block=block)
    )


def _texts(order: Order) -> Sequence[str]:
    if order.kind == "surrogates":
        return ["\ud83d", "\ude00"]
    if order.texts:
        return order.texts
    return [] if order.kind in ("tool", "tools") else pieces(order.count)

"""Long texts cut to what is needed of them; what is left out is told."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.messages import Message, Part, ToolResultPart
from app.metering.tokens import IMAGE, estimate

# Characters of a result that a model gets, at most, and of an old one where room is short.
_RESULT, _OLD = 24_000, 200
# Results that should find room in half of a model's window, at three characters for a token.
_RESULTS = 8
# Tokens that a vendor's own framing adds to a message.
_FRAME = 8
# Characters that stand in a log: of a result, and of a line of a step.
LOGGED, NOTED = 2_000, 400


def shortened(text: str, most: int) -> str:
    """The beginning and the end, with a line between them that says how much is missing."""
    if len(text) <= most:
        return text
    end = most // 4
    said = f"\n[… {len(text) - most:,} of {len(text):,} characters are left out …]\n"
    return text[: most - end] + said + text[len(text) - end :]


def result_size(window: int) -> int:
    """Characters of a result for a model with a context window of so many tokens."""
    return max(_OLD, min(_RESULT, window * 3 // 2 // _RESULTS))


def condensed(said: Sequence[Message], room: int) -> tuple[Message, ...]:
    """With its oldest results shortened until all needs `room` tokens, if that is enough."""
    messages, over = list(said), size(said) - room
    for at, message in enumerate(messages[:-1]):
        if over <= 0:
            break
        parts = tuple(_short(part) for part in message.parts)
        short = Message(message.role, parts)
        over -= size([message]) - size([short])
        messages[at] = short
    return tuple(messages)


def size(said: Sequence[Message]) -> int:
    """Tokens, as they are estimated, with calls and results."""
    return sum(estimate(m.written) + IMAGE * len(m.images) + _FRAME for m in said)


def _short(part: Part) -> Part:
    if isinstance(part, ToolResultPart):
        return msgspec.structs.replace(part, output=shortened(part.output, _OLD))
    return part

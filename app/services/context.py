"""What of a conversation is sent: all of it, or its newest turns where it is too long."""

from __future__ import annotations

from collections.abc import Sequence

from app.messages import ImagePart, Message, ToolCallPart, ToolResultPart
from app.metering.tokens import IMAGE, estimate

# What the answer may need, where the caller names no limit: tokens, but never over a quarter.
_ANSWER = 4096
# Tokens that a vendor's own framing adds to a message.
_FRAMING = 8
# Bytes of images, in base64, that go out with one request: Anthropic takes 32 MB, OpenAI 50.
_HEAVIEST = 25_000_000


def fit(
    messages: Sequence[Message], system: str | None, window: int, answer: int | None
) -> tuple[tuple[Message, ...], int]:
    """Cut `messages` to a window of tokens, and to what a request may weigh, from the oldest on.

    A turn is a user message with what follows it; it stays whole or goes whole. The newest turn
    and the system prompt always stay: whether they fit is for the provider to say, who counts.

    Returns:
        The messages to send, and how many turns were left out.
    """
    # Vendors refuse a message of nothing but space, which a stop before the first token leaves.
    said = [message for message in messages if _says_something(message)]
    turns = _turns(said)
    room = window - (answer or min(_ANSWER, window // 4)) - estimate(system or "")
    kept, spare = len(turns), _HEAVIEST
    while kept:
        room -= _size(turns[kept - 1])
        spare -= _weight(turns[kept - 1])
        if room < 0 or spare < 0:
            break
        kept -= 1
    cut = min(kept, len(turns) - 1) if turns else 0
    return tuple(message for turn in turns[cut:] for message in turn), cut


def _says_something(message: Message) -> bool:
    parts = (ImagePart, ToolCallPart, ToolResultPart)
    return bool(message.text.strip()) or any(isinstance(part, parts) for part in message.parts)


def _answers_a_call(message: Message) -> bool:
    return any(isinstance(part, ToolResultPart) for part in message.parts)


def _turns(messages: Sequence[Message]) -> list[list[Message]]:
    turns: list[list[Message]] = []
    for message in messages:
        # A tool's results belong to the call before them; apart from it vendors refuse them.
        if (message.role == "user" and not _answers_a_call(message)) or not turns:
            turns.append([])
        turns[-1].append(message)
    return turns


def _size(turn: Sequence[Message]) -> int:
    return sum(estimate(m.written) + IMAGE * len(m.images) + _FRAMING for m in turn)


def _weight(turn: Sequence[Message]) -> int:
    return sum(len(image.data) for message in turn for image in message.images)

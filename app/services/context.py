"""What of a conversation is sent: all of it, or its newest turns where it is too long."""

from __future__ import annotations

from collections.abc import Sequence

from app.messages import Message
from app.metering.tokens import estimate

# What the answer may need, where the caller names no limit: tokens, but never over a quarter.
_ANSWER = 4096
# Tokens that a vendor's own framing adds to a message.
_FRAMING = 8


def fit(
    messages: Sequence[Message], system: str | None, window: int, answer: int | None
) -> tuple[tuple[Message, ...], int]:
    """Cut `messages` to a window of tokens, from the oldest turn on.

    A turn is a user message with what follows it; it stays whole or goes whole. The newest turn
    and the system prompt always stay: whether they fit is for the provider to say, who counts.

    Returns:
        The messages to send, and how many turns were left out.
    """
    # Vendors refuse a message of nothing but space, which a stop before the first token leaves.
    said = [message for message in messages if message.text.strip()]
    turns = _turns(said)
    room = window - (answer or min(_ANSWER, window // 4)) - estimate(system or "")
    kept = len(turns)
    while kept and (room := room - _size(turns[kept - 1])) >= 0:
        kept -= 1
    cut = min(kept, len(turns) - 1) if turns else 0
    return tuple(message for turn in turns[cut:] for message in turn), cut


def _turns(messages: Sequence[Message]) -> list[list[Message]]:
    turns: list[list[Message]] = []
    for message in messages:
        if message.role == "user" or not turns:
            turns.append([])
        turns[-1].append(message)
    return turns


def _size(turn: Sequence[Message]) -> int:
    return sum(estimate(message.text) + _FRAMING for message in turn)

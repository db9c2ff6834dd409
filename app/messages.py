"""Messages and their parts, as values without ids: storage adds those."""

from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["user", "assistant"]


class TextPart(msgspec.Struct, frozen=True, tag="text"):
    text: str


class ReasoningPart(msgspec.Struct, frozen=True, tag="reasoning"):
    """What a model thought before it answered; never sent back to a model."""

    text: str


Part = TextPart | ReasoningPart


class Message(msgspec.Struct, frozen=True):
    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """What was said, without the reasoning."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def reasoning(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, ReasoningPart))


def user(text: str) -> Message:
    return Message("user", (TextPart(text),))


def assistant(text: str, reasoning: str = "") -> Message:
    parts: tuple[Part, ...] = (ReasoningPart(reasoning),) if reasoning else ()
    return Message("assistant", (*parts, TextPart(text)))

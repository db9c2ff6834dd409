"""Messages and their parts, as values without ids: storage adds those."""

from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["user", "assistant"]


class TextPart(msgspec.Struct, frozen=True, tag="text"):
    text: str


class ReasoningPart(msgspec.Struct, frozen=True, tag="reasoning", omit_defaults=True):
    """What a model thought before it answered.

    It is sent back only with its vendor's `signature`, and only to that vendor, who asks for it
    while tools are used. Of what is `redacted` there is no text; the signature stands for it.
    """

    text: str
    signature: str | None = None
    redacted: bool = False


class ImagePart(msgspec.Struct, frozen=True, tag="image"):
    """A picture: `data` is its bytes in base64, `media_type` what they are, e.g. image/png."""

    media_type: str
    data: str

    @property
    def data_url(self) -> str:
        return f"data:{self.media_type};base64,{self.data}"


class ToolCallPart(msgspec.Struct, frozen=True, tag="tool_call"):
    """What a model asked a tool to do. `arguments` is the text of a JSON object."""

    call_id: str
    name: str
    arguments: str


class ToolResultPart(msgspec.Struct, frozen=True, tag="tool_result"):
    """What a tool answered, as text for the model. It stands in a user's message."""

    call_id: str
    output: str
    is_error: bool = False


Part = TextPart | ReasoningPart | ImagePart | ToolCallPart | ToolResultPart


class Picture(msgspec.Struct, frozen=True, tag="picture"):
    """An image as a caller names it, still to be had: a data URL, or an address by https."""

    source: str


class Draft(msgspec.Struct, frozen=True):
    """A message whose pictures are still to be had."""

    role: Role
    parts: tuple[Part | Picture, ...]


class Message(msgspec.Struct, frozen=True):
    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """What was said, without the reasoning."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def written(self) -> str:
        """All that is to be read in it: what was said, calls of tools, and what they returned."""
        tools = (_written(part) for part in self.parts)
        return self.text + "".join(tools)

    @property
    def images(self) -> tuple[ImagePart, ...]:
        return tuple(part for part in self.parts if isinstance(part, ImagePart))

    @property
    def reasoning(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, ReasoningPart))


def _written(part: Part) -> str:
    if isinstance(part, ToolCallPart):
        return part.name + part.arguments
    return part.output if isinstance(part, ToolResultPart) else ""


def user(text: str) -> Message:
    return Message("user", (TextPart(text),))


def assistant(text: str, reasoning: str = "") -> Message:
    parts: tuple[Part, ...] = (ReasoningPart(reasoning),) if reasoning else ()
    return Message("assistant", (*parts, TextPart(text)))


def unfolded(message: Message) -> tuple[Message, ...]:
    """An answer that called tools, as vendors want it told: calls, results, and what followed.

    A call without a result, as a stop may leave one, is left out with all that it was to bring.
    """
    if not any(isinstance(part, ToolCallPart) for part in message.parts):
        return (message,)
    answered = {part.call_id for part in message.parts if isinstance(part, ToolResultPart)}
    told: list[tuple[Role, list[Part]]] = []
    for part in message.parts:
        if isinstance(part, ToolCallPart) and part.call_id not in answered:
            continue
        role: Role = "user" if isinstance(part, ToolResultPart) else "assistant"
        if not told or told[-1][0] != role:
            told.append((role, []))
        told[-1][1].append(part)
    return tuple(Message(role, tuple(parts)) for role, parts in told)


def spoken(message: Message) -> Message:
    """The same without calls and results."""
    kept = tuple(p for p in message.parts if not isinstance(p, (ToolCallPart, ToolResultPart)))
    return message if len(kept) == len(message.parts) else Message(message.role, kept)

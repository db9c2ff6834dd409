"""Server-sent events as the description has them: each a name and one line of JSON."""

from __future__ import annotations

from collections.abc import Sequence

from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Regexp

_TALK = ["start", "delta", "reasoning", "usage", "done", "error"]
_WORK = ["tool_input", "tool_call", "tool_result", "approval", "step"]
_EXTRACTION = ["start", "partial", "step", "usage", "done", "error"]


def _named(names: Sequence[str]) -> fields.Str:
    return fields.Str(required=True, validate=OneOf(names))


class NumberedEvent(Schema):
    id = fields.Str(
        required=True,
        validate=Regexp("^[1-9][0-9]*$"),
        metadata={"description": "counts from 1 without a gap"},
    )
    data = fields.Str(required=True, metadata={"description": "a JSON object, in one line"})


class StreamEvent(NumberedEvent):
    """Of a chat: start first, and at the end done or error."""

    event = _named(_TALK)


class AgentEvent(NumberedEvent):
    """Of an agent: start first, and at the end done or error."""

    event = _named([*_TALK, *_WORK])


class ExtractEvent(NumberedEvent):
    """Of an extraction: start first, and at the end done or error."""

    event = _named(_EXTRACTION)


class RunEvent(NumberedEvent):
    """Of whatever run: start first, and at the end done or error."""

    event = _named([*_TALK, *_WORK, "partial"])


class UiChunk(Schema):
    """Without a name: one chunk of the AI SDK's UI message stream in each, and [DONE] last."""

    event = fields.Str(validate=OneOf(["message"]))
    data = fields.Str(required=True, metadata={"description": "a chunk as JSON, or [DONE]"})


class CompletionChunk(Schema):
    """Without a name: an object of the kind chat.completion.chunk in each, and [DONE] last."""

    event = fields.Str(validate=OneOf(["message"]))
    data = fields.Str(required=True, metadata={"description": "an object as JSON, or [DONE]"})


class VendorEvent(Schema):
    """By the name that the vendor's own API gives it."""

    event = fields.Str(required=True)
    data = fields.Str(required=True, metadata={"description": "an object as JSON"})

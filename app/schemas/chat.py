"""Bodies and answers of the chat."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from app.schemas.base import Body, Number, not_blank

_ID = Length(min=1, max=40)


def _described(text: str) -> dict[str, str]:
    return {"description": text}


class SettingsBody(Body):
    """How to ask; null is the same as leaving it out."""

    model = fields.Str(
        allow_none=True,
        validate=Length(min=1, max=200),
        metadata=_described("provider/name; default: the server's"),
    )
    temperature = Number(
        allow_none=True,
        allow_nan=False,
        validate=Range(0, 2),
        metadata=_described("0 to 2; Anthropic's models take none, and it is left out for them"),
    )
    max_output_tokens = fields.Int(
        allow_none=True, strict=True, validate=Range(1, 1_000_000), metadata=_described("at most")
    )
    on_disconnect = fields.Str(
        allow_none=True,
        validate=OneOf(["cancel", "continue", "finish"]),
        metadata=_described(
            "what becomes of the run when its last reader has gone: it is cancelled at once, or "
            "after a grace time in which somebody may come back, or runs to its end"
        ),
    )


class ChatBody(SettingsBody):
    message = fields.Str(
        required=True, validate=not_blank, metadata=_described("what the user says")
    )
    conversation_id = fields.Str(
        allow_none=True, validate=_ID, metadata=_described("default: a new conversation")
    )
    parent_id = fields.Str(
        allow_none=True,
        validate=_ID,
        metadata=_described(
            "the message that this one follows; another than the newest makes a branch, and null "
            "one beside the first message"
        ),
    )
    system = fields.Str(
        allow_none=True, metadata=_described("system prompt, for this turn and those after it")
    )


class AgainBody(SettingsBody):
    message_id = fields.Str(
        allow_none=True,
        validate=_ID,
        metadata=_described("the answer to be given again, or the message to answer"),
    )


class UsageSchema(Schema):
    """Tokens. The input includes what was cached, the output what was reasoning."""

    input_tokens = fields.Int(required=True)
    cached_input_tokens = fields.Int(required=True)
    cache_write_tokens = fields.Int(required=True)
    output_tokens = fields.Int(required=True)
    reasoning_tokens = fields.Int(required=True)
    estimated = fields.Bool(required=True, metadata=_described("the provider sent no figures"))


class SaidSchema(Schema):
    id = fields.Str(required=True)
    role = fields.Str(required=True)
    content = fields.Str(required=True)


class ChatAnswer(Schema):
    run_id = fields.Str(required=True)
    conversation_id = fields.Str(required=True)
    message = fields.Nested(SaidSchema, required=True)
    model = fields.Str(required=True)
    finish_reason = fields.Str(required=True)
    usage = fields.Nested(UsageSchema, required=True)
    cost_usd = fields.Float(
        required=True, allow_none=True, metadata=_described("null where no price is known")
    )
    truncated_turns = fields.Int(
        required=True, metadata=_described("oldest turns that were not sent to the model")
    )


class StreamEvent(Schema):
    """Server-sent events: start, delta, reasoning, usage, and at the end done or error."""

    id = fields.Int()
    event = fields.Str()
    data = fields.Dict()

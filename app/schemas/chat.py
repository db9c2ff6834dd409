"""Bodies and answers of the chat."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf, Range

from app.schemas.base import Body, Number, not_blank

_ID = Length(min=1, max=40)
_DATA_URL = re.compile("data:image/(png|jpeg|gif|webp);base64,")
_DATA_URL_FORM = "data:image/TYPE;base64, where TYPE is png, jpeg, gif or webp"
_LONGEST_URL = 2_000


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
    reasoning_effort = fields.Str(
        allow_none=True,
        validate=OneOf(["minimal", "low", "medium", "high"]),
        metadata=_described("how long a model that reasons may think; default: the model's"),
    )
    cache = fields.Bool(
        allow_none=True,
        truthy={True},
        falsy={False},
        metadata=_described(
            "give an earlier answer to the same question, if there is one; it costs nothing and "
            "says cached: true"
        ),
    )
    on_disconnect = fields.Str(
        allow_none=True,
        validate=OneOf(["cancel", "continue", "finish"]),
        metadata=_described(
            "what becomes of the run when its last reader has gone: it is cancelled at once, or "
            "after a grace time in which somebody may come back, or runs to its end"
        ),
    )

    @validates_schema
    def _the_same_again(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("cache") and data.get("temperature"):
            raise ValidationError("Only answers with temperature 0, or none, are kept.", "cache")


def image(source: str) -> None:
    """Says what is wrong with the form; what is inside is looked at when it is there."""
    if source.startswith("data:"):
        if not _DATA_URL.match(source):
            raise ValidationError(f"A data URL must begin with {_DATA_URL_FORM}.")
    elif not source.startswith("https://"):
        raise ValidationError("Must begin with https:// or data:.")
    elif len(source) > _LONGEST_URL:
        raise ValidationError(f"An address may have {_LONGEST_URL} characters.")


class ChatBody(SettingsBody):
    holds_images = True

    message = fields.Str(
        required=True,
        validate=not_blank,
        metadata={**_described("what the user says"), "example": "How tall is the Eiffel Tower?"},
    )
    images = fields.List(
        fields.Str(validate=image),
        allow_none=True,
        validate=Length(max=8, error="Must not be more than {max}."),
        metadata=_described(
            "what the message is about, in PNG, JPEG, GIF or WebP: addresses of the public web, "
            f"by https, or data URLs that begin with {_DATA_URL_FORM}"
        ),
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


class TurnBody(ChatBody):
    store = fields.Bool(
        allow_none=True,
        truthy={True},
        falsy={False},
        metadata=_described(
            "false: nothing of it is kept when it has ended, but what it cost. There is no "
            "conversation then, and nothing can be read again"
        ),
    )

    @validates_schema
    def _nothing_to_keep(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("store") is not False:
            return
        wrong = [name for name in ("conversation_id", "parent_id", "cache") if data.get(name)]
        if data.get("on_disconnect") in ("continue", "finish"):
            wrong.append("on_disconnect")
        if wrong:
            said = "Needs an answer that is kept; leave it out, or store: false."
            raise ValidationError({name: [said] for name in wrong})


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
    id = fields.Str(required=True, allow_none=True, metadata=_described("null: it is not kept"))
    role = fields.Str(required=True)
    content = fields.Str(required=True)


class ChatAnswer(Schema):
    run_id = fields.Str(required=True)
    conversation_id = fields.Str(
        required=True, allow_none=True, metadata=_described("null: nothing is kept")
    )
    message = fields.Nested(SaidSchema, required=True)
    model = fields.Str(required=True)
    finish_reason = fields.Str(required=True)
    usage = fields.Nested(UsageSchema, required=True)
    cost_usd = fields.Float(
        required=True, allow_none=True, metadata=_described("null where no price is known")
    )
    cached = fields.Bool(metadata=_described("true: it was answered before, and cost nothing"))
    degraded = fields.Bool(metadata=_described("true: no model answered, this text stands in"))
    truncated_turns = fields.Int(
        required=True, metadata=_described("oldest turns that were not sent to the model")
    )

"""Bodies and answers of the extraction."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf, Range

from app.schemas.base import Body, Number, not_blank
from app.schemas.chat import UsageSchema


def _described(text: str) -> dict[str, str]:
    return {"description": text}


class NameOrSchema(fields.Field[Any]):
    """A registered schema's name, or a JSON Schema; whether it can be used is seen later."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        if not isinstance(value, (str, dict)):
            raise ValidationError("Must be the name of a schema, or a JSON Schema, an object.")
        return value


class HowBody(Body):
    """How to extract, whatever the text; null is the same as leaving it out."""

    schema = NameOrSchema(
        required=True,
        metadata={
            "oneOf": [{"type": "string"}, {"type": "object"}],
            "example": "contact",
            **_described(
                "the name of one of GET /api/schemas, or a JSON Schema (2020-12, draft-07)"
            ),
        },
    )
    model = fields.Str(
        allow_none=True,
        validate=Length(min=1, max=200),
        metadata=_described("provider/name; default: the server's"),
    )
    max_attempts = fields.Int(
        allow_none=True,
        strict=True,
        validate=Range(1, 10),
        metadata=_described(
            "how often a model is asked until its answer is valid, for each part of a long text; "
            "default: 3"
        ),
    )
    locale = fields.Str(
        allow_none=True,
        validate=Length(min=2, max=35),
        metadata=_described(
            "how numbers and dates are meant that can be read in more than one way, as de-DE"
        ),
    )
    max_output_tokens = fields.Int(
        allow_none=True, strict=True, validate=Range(1, 1_000_000), metadata=_described("at most")
    )
    temperature = Number(
        allow_none=True,
        allow_nan=False,
        validate=Range(0, 2),
        metadata=_described("0 to 2; Anthropic's models take none, and it is left out for them"),
    )


class ExtractBody(HowBody):
    text = fields.Str(
        required=True,
        validate=not_blank,
        metadata={
            **_described("the document; a long one is read in parts"),
            "example": "Ada Lovelace, ada@example.com",
        },
    )


class StreamBody(ExtractBody):
    on_disconnect = fields.Str(
        allow_none=True,
        validate=OneOf(["cancel", "continue", "finish"]),
        metadata=_described("what becomes of it when its last reader has gone, as for a chat"),
    )


_PATH = fields.List(
    fields.Raw(metadata={"oneOf": [{"type": "string"}, {"type": "integer"}]}),
    required=True,
    metadata=_described("names and places in lists, as line_items, 0, amount"),
)


class FieldSchema(Schema):
    """A leaf of the data. Offsets are code points of `text`, which UTF-16 counts otherwise."""

    path = _PATH
    quote = fields.Str(
        required=True, allow_none=True, metadata=_described("what stands in the text from start on")
    )
    start = fields.Int(required=True, allow_none=True, metadata=_described("in code points"))
    end = fields.Int(required=True, allow_none=True, metadata=_described("the one after the last"))
    status = fields.Str(
        required=True,
        validate=OneOf(["supported", "unsupported", "absent"]),
        metadata=_described("whether the text says it; absent: there is no value"),
    )
    confidence = fields.Float(required=True, allow_none=True, metadata=_described("0 to 1"))
    confidence_from = fields.Str(
        required=True, allow_none=True, validate=OneOf(["model", "evidence", "rule"])
    )


class IssueSchema(Schema):
    path = _PATH
    code = fields.Str(required=True)
    message = fields.Str(required=True)
    severity = fields.Str(required=True, validate=OneOf(["error", "warning"]))


class AttemptSchema(Schema):
    """One question to a model, and what was wrong with the answer."""

    number = fields.Int(required=True)
    part = fields.Int(required=True, metadata=_described("of a long text, from 1"))
    model = fields.Str(required=True)
    usage = fields.Nested(UsageSchema, required=True)
    cost_usd = fields.Float(required=True, allow_none=True)
    issues = fields.List(fields.Nested(IssueSchema), required=True)


class LoosenedSchema(Schema):
    path = fields.List(fields.Str(), required=True)
    keyword = fields.Str(required=True)
    reason = fields.Str(required=True)


class SchemaSaidSchema(Schema):
    name = fields.Str()
    version = fields.Str()
    loosened = fields.List(
        fields.Nested(LoosenedSchema),
        required=True,
        metadata=_described("what the provider could not be told; it was checked here"),
    )


class ExtractAnswer(Schema):
    """Valid data with where the text says it. What is not valid comes as a problem only."""

    run_id = fields.Str(required=True)
    data = fields.Raw(required=True)
    fields_ = fields.List(fields.Nested(FieldSchema), required=True, data_key="fields")
    issues = fields.List(fields.Nested(IssueSchema), required=True)
    attempts = fields.List(fields.Nested(AttemptSchema), required=True)
    missing_ranges = fields.List(
        fields.List(fields.Int()),
        required=True,
        metadata=_described("start and end, in code points, of what was not read"),
    )
    model = fields.Str(required=True)
    schema = fields.Nested(SchemaSaidSchema, required=True)
    flags = fields.List(
        fields.Str(), required=True, metadata=_described("document_speaks_to_the_model")
    )
    usage = fields.Nested(UsageSchema, required=True)
    cost_usd = fields.Float(
        required=True, allow_none=True, metadata=_described("null where no price is known")
    )


class RegisteredSchema(Schema):
    name = fields.Str(required=True)
    version = fields.Str(required=True)
    description = fields.Str(required=True)
    json_schema = fields.Dict(required=True)


class RegisteredSchemas(Schema):
    schemas = fields.List(fields.Nested(RegisteredSchema), required=True)

"""Answers about models and about the caller."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from app.schemas.keys import LimitsSchema


def _described(text: str) -> dict[str, str]:
    return {"description": text}


class ModelSchema(Schema):
    id = fields.Str(required=True, metadata=_described("what `model` takes"))
    provider = fields.Str(required=True)
    context_window = fields.Int(required=True, metadata=_described("input and output, in tokens"))
    max_output_tokens = fields.Int(
        required=True, allow_none=True, metadata=_described("null: nobody knows")
    )
    images = fields.Bool(required=True)
    tools = fields.Bool(required=True)
    strict_schema = fields.Bool(required=True)
    reasoning = fields.Bool(required=True)
    reasoning_with_tools = fields.Bool(
        required=True, metadata=_described("false: where it has tools it does not reason")
    )
    temperature = fields.Str(
        required=True,
        validate=OneOf(["yes", "no", "without_reasoning", "ignored"]),
        metadata=_described("whether it takes another than 1; `ignored`: it is not sent"),
    )
    deprecated = fields.Bool(required=True)
    retires = fields.Date(
        required=True, allow_none=True, metadata=_described("the day from which it is gone")
    )
    circuit = fields.Str(
        required=True,
        validate=OneOf(["closed", "open", "half_open"]),
        metadata=_described("open: it has failed too often and is not asked just now"),
    )


class AliasSchema(Schema):
    id = fields.Str(required=True, metadata=_described("what `model` takes"))
    models = fields.List(
        fields.Str(), required=True, metadata=_described("who is asked, and who if that fails")
    )


class ModelsSchema(Schema):
    default = fields.Str(required=True, allow_none=True)
    models = fields.List(fields.Nested(ModelSchema), required=True)
    aliases = fields.List(fields.Nested(AliasSchema), required=True)


class CallerSchema(Schema):
    owner = fields.Str(required=True)
    user = fields.Str(
        required=True, allow_none=True, metadata=_described("who of the key's users; null: nobody")
    )
    key_id = fields.Str(required=True, allow_none=True)
    team = fields.Str(required=True, allow_none=True)
    scopes = fields.List(fields.Str(), required=True)
    models = fields.List(
        fields.Str(),
        required=True,
        allow_none=True,
        metadata=_described("what may be asked, as openai/*; null is all"),
    )
    limits = fields.Nested(LimitsSchema, required=True)

"""Bodies and answers of prompts."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from app.schemas.base import Body
from app.schemas.chat import ChatAnswer, SettingsBody


def _described(text: str) -> dict[str, str]:
    return {"description": text}


class PromptBody(SettingsBody):
    """What is left out is as the prompt says, or the server."""

    variables = fields.Dict(
        keys=fields.Str(),
        load_default=dict,
        metadata=_described("a value for each; GET /api/prompts says which there are"),
    )


class PromptQuery(Body):
    version = fields.Str(
        load_default=None, validate=Length(1, 20), metadata=_described("default: the newest")
    )


class VariableSchema(Schema):
    name = fields.Str(required=True)
    type = fields.Str(
        required=True, metadata=_described("text, texts (a list), choice, integer or boolean")
    )
    description = fields.Str(required=True)
    required = fields.Bool(required=True)
    default = fields.Raw(required=True, allow_none=True)
    max_length = fields.Int(
        required=True, allow_none=True, metadata=_described("characters of a text, or of each")
    )
    max_items = fields.Int(required=True, allow_none=True)
    choices = fields.List(fields.Str(), required=True, allow_none=True)
    minimum = fields.Int(required=True, allow_none=True)
    maximum = fields.Int(required=True, allow_none=True)


class PromptSchema(Schema):
    name = fields.Str(required=True)
    version = fields.Str(required=True)
    description = fields.Str(required=True)
    model = fields.Str(
        required=True, allow_none=True, metadata=_described("null: the server's default")
    )
    output = fields.Str(
        required=True, validate=OneOf(["text", "data"]), metadata=_described("what it answers with")
    )
    schema = fields.Raw(
        required=True,
        allow_none=True,
        metadata={
            "oneOf": [{"type": "string"}, {"type": "object"}, {"type": "null"}],
            **_described("what data fits: the name of one of GET /api/schemas, or a JSON Schema"),
        },
    )
    variables = fields.List(fields.Nested(VariableSchema), required=True)


class PromptsSchema(Schema):
    """By name, the newest version of each first."""

    prompts = fields.List(fields.Nested(PromptSchema), required=True)


class AskedSchema(Schema):
    name = fields.Str(required=True)
    version = fields.Str(required=True)


class PromptAnswer(ChatAnswer):
    prompt = fields.Nested(AskedSchema, required=True)

"""Answers about tools."""

from __future__ import annotations

from marshmallow import Schema, fields


def _described(text: str) -> dict[str, str]:
    return {"description": text}


class ToolSchema(Schema):
    name = fields.Str(required=True)
    description = fields.Str(required=True)
    parameters = fields.Dict(required=True, metadata=_described("the JSON Schema of an object"))
    approval = fields.Bool(
        required=True, metadata=_described("whether a person must agree to each call")
    )
    parallel = fields.Bool(
        required=True, metadata=_described("whether calls may be under way beside others")
    )


class ToolsSchema(Schema):
    """By name."""

    tools = fields.List(fields.Nested(ToolSchema), required=True)

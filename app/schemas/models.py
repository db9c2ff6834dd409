"""Answers about models and about the caller."""

from __future__ import annotations

from marshmallow import Schema, fields


class ModelSchema(Schema):
    id = fields.Str(required=True)
    provider = fields.Function(lambda model: model.provider.name, metadata={"type": "string"})


class ModelsSchema(Schema):
    default = fields.Str(required=True, allow_none=True)
    models = fields.List(fields.Nested(ModelSchema), required=True)


class CallerSchema(Schema):
    owner = fields.Str(required=True)
    scopes = fields.List(fields.Str(), required=True)

"""Answers about what is kept of a caller."""

from __future__ import annotations

from marshmallow import Schema, fields


class DeletedSchema(Schema):
    """How much there was. What the ledger says of money stays, without a word of text."""

    conversations = fields.Int(required=True)
    messages = fields.Int(required=True)
    runs = fields.Int(required=True)
    feedback = fields.Int(required=True)


class ExportSchema(Schema):
    """All that is kept of a caller."""

    owner = fields.Str(required=True)
    user = fields.Str(required=True, allow_none=True)
    exported_at = fields.DateTime(required=True)
    terms_accepted = fields.List(fields.Dict(), required=True)
    feedback = fields.List(fields.Dict(), required=True)
    runs = fields.List(fields.Dict(), required=True)
    calls = fields.List(fields.Dict(), required=True)
    conversations = fields.List(fields.Dict(), required=True)

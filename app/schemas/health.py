"""What load balancers and monitoring are told."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf


class LiveSchema(Schema):
    status = fields.Str(required=True, validate=OneOf(["ok"]))


class ReadyCircuitSchema(Schema):
    model = fields.Str(required=True)
    state = fields.Str(required=True)


class ReadySourceSchema(Schema):
    """A source of tools, and what is wrong with it; null is nothing."""

    name = fields.Str(required=True)
    trouble = fields.Str(required=True, allow_none=True)


class ReadySchema(Schema):
    """With `?verbose` also the circuit breakers, and where tools come from."""

    status = fields.Str(required=True, validate=OneOf(["ready"]))
    circuits = fields.List(fields.Nested(ReadyCircuitSchema))
    tools = fields.List(fields.Nested(ReadySourceSchema))

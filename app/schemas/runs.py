"""Queries and answers about runs."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length, Range

from app.schemas.base import Body, Moment


class EventsQuery(Body):
    after = fields.Int(
        load_default=None,
        validate=Range(0, 1_000_000_000),
        metadata={"description": "the last event that was read; `Last-Event-ID` says the same"},
    )


class RunsQuery(Body):
    conversation_id = fields.Str(required=True, validate=Length(1, 200))


class RunSchema(Schema):
    id = fields.Str(required=True)
    conversation_id = fields.Str(
        required=True, allow_none=True, metadata={"description": "null for an extraction"}
    )
    message_id = fields.Str(required=True, allow_none=True)
    model = fields.Str(required=True)
    state = fields.Str(
        required=True,
        metadata={
            "description": "running, waiting (for a person), done, failed, stopped or interrupted"
        },
    )
    created_at = Moment(required=True, metadata={"type": "string", "format": "date-time"})
    ended_at = Moment(
        required=True, allow_none=True, metadata={"type": "string", "format": "date-time"}
    )


class RunsSchema(Schema):
    """The newest first."""

    runs = fields.List(fields.Nested(RunSchema), required=True)

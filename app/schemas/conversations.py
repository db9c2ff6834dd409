"""Queries, bodies and answers about conversations and their messages."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from app.messages import ToolCallPart
from app.schemas.base import Body, Moment, not_blank
from app.schemas.chat import UsageSchema


class PageQuery(Body):
    limit = fields.Int(load_default=30, validate=Range(1, 100))
    cursor = fields.Str(load_default=None, validate=Length(max=200))
    q = fields.Str(
        load_default=None,
        validate=Length(max=200),
        metadata={"description": "looks in titles and in what was said, without case"},
    )


class TitleBody(Body):
    title = fields.Str(
        required=True, validate=[not_blank, Length(max=200)], metadata={"example": "Paris in May"}
    )


class ExportQuery(Body):
    format = fields.Str(load_default="md", validate=OneOf(["md", "json"]))


class ConversationSchema(Schema):
    id = fields.Str(required=True)
    title = fields.Str(required=True)
    system = fields.Str(required=True, allow_none=True)
    created_at = Moment(required=True, metadata={"type": "string", "format": "date-time"})
    updated_at = Moment(required=True, metadata={"type": "string", "format": "date-time"})


class PageSchema(Schema):
    conversations = fields.List(fields.Nested(ConversationSchema), required=True)
    next_cursor = fields.Str(required=True, allow_none=True)


class FaultSchema(Schema):
    code = fields.Str(required=True)
    detail = fields.Str(required=True)
    retryable = fields.Bool(required=True)


class MessageSchema(Schema):
    """The fields from `model` on are null for what a user said."""

    id = fields.Str(required=True)
    parent_id = fields.Str(required=True, allow_none=True)
    role = fields.Str(required=True)
    content = fields.Function(lambda said: said.message.text, metadata={"type": "string"})
    images = fields.Function(
        lambda said: [image.data_url for image in said.message.images],
        metadata={"type": "array", "items": {"type": "string"}, "description": "data URLs"},
    )
    reasoning = fields.Method("_reasoning", metadata={"type": "string"})
    status = fields.Str(required=True)
    created_at = Moment(required=True, metadata={"type": "string", "format": "date-time"})
    model = fields.Str(required=True, allow_none=True)
    finish_reason = fields.Str(required=True, allow_none=True)
    error = fields.Nested(FaultSchema, required=True, allow_none=True)
    usage = fields.Nested(UsageSchema, required=True, allow_none=True)
    cost_usd = fields.Float(required=True, allow_none=True)
    run_id = fields.Str(required=True, allow_none=True)
    truncated_turns = fields.Int(required=True)
    tool_calls = fields.Function(
        lambda said: sum(isinstance(part, ToolCallPart) for part in said.parts),
        metadata={
            "type": "integer",
            "description": "how many there were; GET /api/runs/RUN_ID/steps tells of them",
        },
    )

    def _reasoning(self, said: Any) -> str:
        return str(said.message.reasoning)


class MessagesSchema(Schema):
    messages = fields.List(fields.Nested(MessageSchema), required=True)

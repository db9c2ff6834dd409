"""Bodies and answers about what people say of answers."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from app.schemas.base import Body, Moment

_ID = Length(min=1, max=40)
_RATINGS = OneOf(["up", "down"])


class FeedbackBody(Body):
    message_id = fields.Str(
        required=True, validate=_ID, metadata={"description": "of one of the caller's answers"}
    )
    rating = fields.Str(required=True, validate=_RATINGS, metadata={"description": "up or down"})
    comment = fields.Str(load_default=None, allow_none=True, validate=Length(max=4_000))


class FeedbackQuery(Body):
    conversation_id = fields.Str(required=True, validate=_ID)


class FeedbackSchema(Schema):
    message_id = fields.Str(required=True)
    rating = fields.Str(required=True, validate=_RATINGS)
    comment = fields.Str(required=True, allow_none=True)
    created_at = Moment(required=True, metadata={"type": "string", "format": "date-time"})


class FeedbackListSchema(Schema):
    feedback = fields.List(fields.Nested(FeedbackSchema), required=True)

"""Bodies and answers about the terms."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length

from app.schemas.base import Body, Moment


class TermsBody(Body):
    version = fields.Str(
        required=True,
        validate=Length(1, 40),
        metadata={"description": "of the terms that were read"},
    )


class TermsSchema(Schema):
    """`version` and `text` are null where there are no terms to accept."""

    version = fields.Str(required=True, allow_none=True)
    text = fields.Str(required=True, allow_none=True)
    accepted_at = Moment(
        required=True,
        allow_none=True,
        metadata={
            "type": "string",
            "format": "date-time",
            "description": "when the caller has accepted this version; null: not yet",
        },
    )

"""Signing in, and who is signed in."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Length

from app.schemas.base import Body, Moment

_TIME = {"type": "string", "format": "date-time"}


def _described(text: str, **more: Any) -> dict[str, Any]:
    return {"description": text, **more}


class SignInBody(Body):
    key = fields.Str(
        required=True,
        validate=Length(1, 8_192),
        metadata=_described("a key, or a token of the frontend's own user"),
    )


class SignOutQuery(Body):
    everywhere = fields.Bool(
        load_default=False,
        metadata=_described("end all sessions of the key, or of this user of the key"),
    )


class SessionSchema(Schema):
    """What is null is not there where a key was sent in the place of the cookie."""

    owner = fields.Str(required=True)
    user = fields.Str(required=True, allow_none=True)
    key_id = fields.Str(required=True, allow_none=True)
    scopes = fields.List(fields.Str(), required=True)
    csrf_token = fields.Str(
        required=True,
        allow_none=True,
        metadata=_described("to be sent as X-CSRF-Token with all that changes something"),
    )
    idle_until = Moment(
        required=True,
        allow_none=True,
        metadata=_described("when it is over if it is not used until then", **_TIME),
    )
    expires_at = Moment(
        required=True, allow_none=True, metadata=_described("when it is over at last", **_TIME)
    )

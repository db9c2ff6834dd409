"""Headers that a caller may send."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields
from marshmallow.validate import Length, Regexp

ONCE = [Length(1, 200), Regexp(r"[!-~]+$", error="Must be printable ASCII.")]


class OnceHeaders(Schema):
    class Meta:
        unknown = EXCLUDE  # there are always other headers

    idempotency_key = fields.Str(
        data_key="Idempotency-Key",
        load_default=None,
        validate=ONCE,
        metadata={"description": "the same key again gets the same run, and no second call"},
    )

"""What the schemas share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields


class Body(Schema):
    """A request's body or query."""

    class Meta:
        unknown = RAISE


class Moment(fields.Field[int]):
    """Milliseconds since 1970 inside, RFC 3339 in UTC outside."""

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **_: Any) -> str | None:
        if value is None:
            return None
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds")


class Number(fields.Float):
    """A JSON number, and not a text that looks like one."""

    def _validated(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


def not_blank(text: str) -> None:
    if not text.strip():
        raise ValidationError("Must not be empty.")


class ProblemSchema(Schema):
    """An error as RFC 9457 writes it. `errors` holds what is wrong with each field."""

    type = fields.Str(required=True)
    title = fields.Str(required=True)
    status = fields.Int(required=True)
    detail = fields.Str(required=True)
    code = fields.Str(required=True)
    retryable = fields.Bool(required=True)
    request_id = fields.Str()
    errors = fields.Dict()
    retry_after = fields.Int()

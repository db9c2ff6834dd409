"""What the schemas share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import INCLUDE, RAISE, Schema, ValidationError, fields
from marshmallow.validate import Regexp

from app.errors import BadInput


class Body(Schema):
    """A request's body or query."""

    # Whether it may be as large as images are, in base64.
    holds_images: ClassVar[bool] = False

    class Meta:
        unknown = RAISE

    def image_bytes(self, body: Any) -> int:
        """How much of a body that is not looked at yet are images."""
        images = body.get("images") if isinstance(body, dict) else None
        return sum(len(i) for i in images if isinstance(i, str)) if isinstance(images, list) else 0


class Moment(fields.Field[int]):
    """Milliseconds since 1970 inside, RFC 3339 in UTC outside."""

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **_: Any) -> str | None:
        if value is None:
            return None
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds")


class FutureMoment(Moment):
    """A moment that a caller names, with its offset from UTC."""

    default_error_messages = {  # noqa: RUF012  # marshmallow's type
        "invalid": "Must be a moment with its offset from UTC, as 2027-01-31T12:00:00Z.",
        "past": "Must lie in the future, and before the year 9999.",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise self.make_error("invalid") from error
        if moment.tzinfo is None:
            raise self.make_error("invalid")
        if not datetime.now(UTC) < moment < datetime(9999, 1, 1, tzinfo=UTC):
            raise self.make_error("past")
        return int(moment.timestamp() * 1000)


class Dollars(fields.Field[Decimal]):
    """US dollars, exact: a text outside, and a text or a number on the way in."""

    default_error_messages = {  # noqa: RUF012
        "invalid": 'Must be an amount in dollars, as "1.25", with 12 decimals at most.',
        "range": "Must be 0 to {most}.",
    }
    _FORM = re.compile(r"[0-9]{1,30}(\.[0-9]{1,12})?")

    def __init__(self, most: int, *, metadata: Mapping[str, Any], **kwargs: Any) -> None:
        form = {"pattern": f"^{self._FORM.pattern}$", "minimum": 0, "maximum": most}
        super().__init__(**kwargs, metadata={**form, **metadata})
        self._most = most

    def _serialize(self, value: Decimal | None, attr: str | None, obj: Any, **_: Any) -> str | None:
        return None if value is None else f"{value.normalize():f}"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise self.make_error("invalid")
        exact = repr(value) if isinstance(value, float) else value
        text = value if isinstance(value, str) else f"{Decimal(exact):f}"
        if text.startswith("-"):
            raise self.make_error("range", most=self._most)
        if not self._FORM.fullmatch(text):
            raise self.make_error("invalid")
        if Decimal(text) > self._most:
            raise self.make_error("range", most=self._most)
        return Decimal(text)


class Number(fields.Float):
    """A JSON number, and not a text that looks like one."""

    def _validated(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


# A pattern, so that the description has it too.
not_blank = Regexp(r"[\s\S]*\S", error="Must not be empty.")


def one_line(text: str) -> None:
    """What stands in a list, a log or a header must not break out of its line."""
    if any(unicodedata.category(sign) in ("Cc", "Zl", "Zp") for sign in text):
        raise ValidationError("Must not hold a line break or another control character.")


def loaded(schema: Schema, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What came by another way than HTTP, under the same rules. Raises BadInput, by field."""
    try:
        values: dict[str, Any] = schema.load(sent)
    except ValidationError as error:
        raise BadInput("Not every value is right.", errors=error.messages_dict) from error
    return values


class ProblemSchema(Schema):
    """An error as RFC 9457 writes it. `errors` holds what is wrong with each field. There may be
    more: of an extraction that failed also what it came to.
    """

    class Meta:
        unknown = INCLUDE

    type = fields.Str(required=True)
    title = fields.Str(required=True)
    status = fields.Int(required=True)
    detail = fields.Str(required=True)
    code = fields.Str(required=True)
    retryable = fields.Bool(required=True)
    request_id = fields.Str()
    errors = fields.Dict()
    retry_after = fields.Int()

"""Fields whose value has to be read: amounts, days, times and currencies, as a text spells them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import fields

from app.evidence import amounts, dates, numbers
from app.evidence.currencies import DECIMALS, meant
from app.evidence.issues import Unclear
from app.evidence.locales import Locale
from app.evidence.writing import plain


@dataclass(frozen=True, slots=True)
class Reading:
    """How spellings are to be read: by the caller's locale, or else by the text's own numbers."""

    locale: Locale = field(default_factory=Locale)
    mark: str | None = None

    @staticmethod
    def of(source: str, locale: Locale | None = None) -> Reading:
        return Reading(locale or Locale(), numbers.mark(plain(source)))


class Interpreted(fields.Field[Any]):
    """A field whose spelling means something once the reading is known."""

    default_error_messages = {  # noqa: RUF012  # marshmallow's type
        "invalid": "Not a valid {kind}."
    }
    kind: ClassVar[str]
    # What it looks like as JSON Schema.
    shape: ClassVar[dict[str, Any]] = {"type": "string"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid", kind=self.kind)
        return value

    @abstractmethod
    def meant(self, written: Any, reading: Reading) -> Any:
        """The value. Raises Unclear."""

    def shown(self, value: Any) -> Any:
        """The value as data."""
        return value


class Amount(Interpreted):
    """A Decimal, from a number or from digits as they stand in a text."""

    kind = "amount"
    shape: ClassVar[dict[str, Any]] = {"type": ["number", "string"]}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
            raise self.make_error("invalid", kind=self.kind)
        if isinstance(value, str):
            return value
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if not number.is_finite():
            raise self.make_error("invalid", kind=self.kind)
        return number

    def meant(self, written: Any, reading: Reading) -> Decimal:
        if isinstance(written, Decimal):
            return written
        return amounts.read(written, reading.locale, reading.mark)


class Day(Interpreted):
    """A date, given as ISO 8601."""

    kind = "date"
    shape: ClassVar[dict[str, Any]] = {"type": "string", "format": "date"}

    def meant(self, written: Any, reading: Reading) -> date:
        return dates.read(written, reading.locale)

    def shown(self, value: date) -> str:
        return value.isoformat()


class Clock(Interpreted):
    """A time of day, as HH:MM."""

    kind = "time"
    shape: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
    }

    def meant(self, written: Any, reading: Reading) -> str:
        hour, _, minute = plain(written).strip().partition(":")
        if not (_is_below(hour, 24) and _is_below(minute, 60)):
            raise Unclear("not_a_time", f'"{written[:40]}" is no time of day. Write it as 17:30.')
        return f"{int(hour):02}:{minute}"


class Currency(Interpreted):
    """A code of ISO 4217, or a sign that only one currency has."""

    kind = "currency"
    shape: ClassVar[dict[str, Any]] = {"type": "string"}

    def meant(self, written: Any, reading: Reading) -> str:
        code = written.strip().upper()
        if code in DECIMALS:
            return str(code)
        known = meant(written.strip())
        if len(known) == 1:
            return known.pop()
        if known:
            raise Unclear(
                "ambiguous_currency",
                f'"{written[:40]}" can stand for {", ".join(sorted(known)[:4])} and others. '
                "Write the code if the text says which, or else null.",
            )
        raise Unclear(
            "not_a_currency",
            f'"{written[:40]}" is no currency. Write the code of ISO 4217, as EUR.',
        )


def _is_below(digits: str, most: int) -> bool:
    return len(digits) in (1, 2) and digits.isdecimal() and int(digits) < most

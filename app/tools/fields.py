"""marshmallow's fields, where they are to take exactly what JSON Schema does."""

# ruff: noqa: RUF012  # default_error_messages is marshmallow's

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from marshmallow import fields

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
AMOUNT = "^-?[0-9]{1,40}([.][0-9]{1,40})?$"
_AMOUNT = re.compile(AMOUNT.removeprefix("^").removesuffix("$"))


class Whole(fields.Field[int]):
    """An integer, also one that is written 3.0; no boolean, and no text."""

    default_error_messages = {"invalid": "Must be a whole number."}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        return value


class Real(fields.Field[float]):
    """Any JSON number that a float can hold."""

    default_error_messages = {"invalid": "Must be a number."}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid")
        try:
            return float(value)
        except OverflowError as error:
            raise self.make_error("invalid") from error


class Truth(fields.Field[bool]):
    default_error_messages = {"invalid": "Must be true or false."}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Amount(fields.Field[Decimal]):
    """A number, or a text with one that keeps all its digits."""

    default_error_messages = {"invalid": 'Must be a number, or a text with one as "12.50".'}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Decimal:
        if isinstance(value, str) and _AMOUNT.fullmatch(value):
            return Decimal(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid")
        return Decimal(repr(value))


class Day(fields.Field[date]):
    """A full date of RFC 3339, but none of the year 0, which Python has not."""

    default_error_messages = {"invalid": "Must be a day, as 2027-01-31."}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self.make_error("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise self.make_error("invalid") from error


class Choice(fields.Field[Any]):
    """One of few `values` as JSON has them, and what each stands for."""

    default_error_messages = {"invalid": "Must be one of {values}."}

    def __init__(self, values: Sequence[Any], meanings: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._values, self._meanings = values, meanings

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        for known, meaning in zip(self._values, self._meanings, strict=True):
            # True is 1 to Python, and to nobody else.
            if known == value and isinstance(known, bool) == isinstance(value, bool):
                return meaning
        raise self.make_error("invalid", values=", ".join(map(repr, self._values)))

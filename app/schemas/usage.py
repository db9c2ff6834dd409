"""Queries and answers about what was used."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf, Range

from app.schemas.base import Body

_GROUPS = ("day", "model", "key", "conversation", "prompt", "user")
_NAME = Length(min=1, max=80)


def _described(text: str) -> dict[str, str]:
    return {"description": text}


class _Groups(fields.Field[tuple[str, ...]]):
    """Names with commas between them, each of them once."""

    def __init__(self, *known: str) -> None:
        self._known = ", ".join(known)
        pattern = "^({0})(,({0}))*$".format("|".join(known))
        said = f"one or more of {self._known}, with commas between them"
        super().__init__(
            data_key="group_by",
            load_default=("day",),
            metadata={"type": "string", "default": "day", "pattern": pattern, **_described(said)},
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> tuple[str, ...]:
        names = tuple(str(value).split(","))
        if len(set(names)) < len(names) or not set(names) <= set(self._known.split(", ")):
            raise ValidationError(
                f"Must be one or more of {self._known}, with commas between them and each once."
            )
        return names


def _day(name: str, text: str) -> fields.Date:
    return fields.Date(
        data_key=name,
        load_default=None,
        validate=Range(date(2000, 1, 1), date(2999, 12, 31)),
        metadata=_described(text),
    )


class UsageQuery(Body):
    """Days are those of the installation's time zone."""

    by = _Groups(*_GROUPS)
    first = _day("from", "the first day; default: the first of the month of the last")
    last = _day("to", "the last day; default: today")
    format = fields.Str(
        load_default=None,
        validate=OneOf(["json", "csv"]),
        metadata=_described("default: JSON, where `Accept` does not prefer text/csv"),
    )


class AllUsageQuery(UsageQuery):
    by = _Groups(*_GROUPS, "owner", "team")
    owner = fields.Str(load_default=None, validate=_NAME)
    user = fields.Str(load_default=None, validate=Length(min=1, max=255))
    team = fields.Str(load_default=None, validate=_NAME)
    key = fields.Str(load_default=None, validate=_NAME, metadata=_described("a key's id"))


class FiguresSchema(Schema):
    calls = fields.Int(required=True, metadata=_described("that have ended"))
    failed = fields.Int(required=True, metadata=_described("of the calls"))
    unpriced = fields.Int(
        required=True, metadata=_described("of the calls: no price is known, and no cost counted")
    )
    input_tokens = fields.Int(required=True)
    cached_input_tokens = fields.Int(required=True)
    cache_write_tokens = fields.Int(required=True)
    output_tokens = fields.Int(required=True)
    reasoning_tokens = fields.Int(required=True)
    cost_usd = fields.Float(required=True, metadata=_described("exact, with all its digits"))


class UsageRowSchema(FiguresSchema):
    """It has those of the names that `group_by` asks for."""

    day = fields.Date()
    model = fields.Str()
    key = fields.Str(allow_none=True, metadata=_described("null: the call needed none"))
    conversation = fields.Str(metadata=_described("it may be deleted by now"))
    prompt = fields.Str(
        allow_none=True, metadata=_described("name@version; null: the call was for none")
    )
    user = fields.Str(allow_none=True, metadata=_described("as X-User-ID; null: the key's holder"))


class AllUsageRowSchema(UsageRowSchema):
    owner = fields.Str()
    team = fields.Str(allow_none=True)


class VotesSchema(Schema):
    """What people said of answers in these days."""

    up = fields.Int(required=True)
    down = fields.Int(required=True)
    satisfaction = fields.Float(
        required=True,
        allow_none=True,
        metadata=_described("the share of `up`, from 0 to 1; null: nobody has said"),
    )


class UsageReportSchema(Schema):
    """Rows are in the order of their names, the totals are those of all rows."""

    first = fields.Date(data_key="from", required=True)
    last = fields.Date(data_key="to", required=True)
    time_zone = fields.Str(required=True)
    group_by = fields.List(fields.Str(), required=True)
    rows = fields.List(fields.Nested(UsageRowSchema), required=True)
    totals = fields.Nested(FiguresSchema, required=True)
    feedback = fields.Nested(VotesSchema, required=True)


class AllUsageReportSchema(UsageReportSchema):
    rows = fields.List(fields.Nested(AllUsageRowSchema), required=True)

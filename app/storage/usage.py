"""Sums over the ledger, made when somebody asks. What is still open is not in them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    case,
    func,
    literal_column,
    select,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from app.storage.conversations import storable
from app.storage.tables import calls

_c = calls.c

Group = Literal["day", "model", "key", "conversation", "prompt", "user", "owner", "team"]
# What the rows of one sum have in common, in the order of the groups that were asked for.
Names = tuple[str | None, ...]
Columns: TypeAlias = ReadOnlyColumnCollection[str, Any]

_KEPT_AS = {"key": "key_id", "conversation": "conversation_id", "user": "user_id"}


class Day(NamedTuple):
    """From `start` up to and without `end`, in milliseconds since 1970; not always 24 hours."""

    name: str
    start: int
    end: int


class Only(msgspec.Struct, frozen=True, kw_only=True):
    """Whose calls are counted. None means everybody's."""

    owner: str | None = None
    user_id: str | None = None
    team: str | None = None
    key_id: str | None = None


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """`cost` in 10^-12 dollars, without the calls that are `unpriced`."""

    calls: int = 0
    failed: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost: int = 0


def sums(
    tx: Connection, days: Sequence[Day], by: Sequence[Group], only: Only, most: int
) -> list[tuple[Names, Sums]]:
    """For each combination of names there is, in no order and no more than `most` of them.

    `days` are consecutive.
    """
    counted = select(calls, _number(days).label("day")).where(
        _c.created_at >= days[0].start, _c.created_at < days[-1].end, _c.state != "open"
    )
    for name, value in msgspec.structs.asdict(only).items():
        if value is not None:
            counted = counted.where(_c[name] == storable(value))
    # PostgreSQL would not know the number of a day again in GROUP BY, as it holds parameters.
    found = counted.subquery().c
    columns = [_column(found, group) for group in by]
    rows = tx.execute(select(*columns, *_figures(found)).group_by(*columns).limit(most))
    return [_value(days, by, row) for row in rows]


def _number(days: Sequence[Day]) -> ColumnElement[int]:
    """Which of the days a call was made on: a division, for each row of days of one length."""
    cases, number = [], 0
    for length, row in groupby(days, lambda day: day.end - day.start):
        first, *others = row
        end = others[-1].end if others else first.end
        if length:
            since = (_c.created_at - first.start) // length
            cases.append((_c.created_at < end, since + number))
        number += 1 + len(others)
    return case(*cases)


def _column(found: Columns, group: Group) -> ColumnElement[Any]:
    kept: ColumnElement[Any] = found[_KEPT_AS.get(group, group)]
    if group == "model":
        kept = found.provider.concat(literal_column("'/'")).concat(kept)
    return kept


def _figures(found: Columns) -> list[ColumnElement[int]]:
    special = {
        "calls": func.count(),
        "failed": _count(found.state.in_(("failed", "abandoned"))),
        "unpriced": _count(found.cost.is_(None)),
    }
    names = Sums.__struct_fields__
    return [special[name] if name in special else func.sum(found[name]) for name in names]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _value(days: Sequence[Day], by: Sequence[Group], row: Row[Any]) -> tuple[Names, Sums]:
    """A sum of unknown costs is NULL, and one of large numbers a decimal in PostgreSQL."""
    names = tuple(_name(days, group, kept) for group, kept in zip(by, row, strict=False))
    figures = zip(Sums.__struct_fields__, row[len(by) :], strict=True)
    return names, Sums(**{name: int(figure or 0) for name, figure in figures})


def _name(days: Sequence[Day], group: Group, kept: Any) -> str | None:
    if group == "day":
        return days[int(kept)].name
    if group == "model":
        provider, _, model = kept.partition("/")
        return f"{provider}/{msgspec.json.decode(model, type=str)}"
    return None if kept is None else str(kept)

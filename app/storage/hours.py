"""Statements on hours: what the ledger has of one, and whether somebody was told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, case, func, select, text

from app.storage.prepared import Prepared
from app.storage.tables import calls, hours

_c, _h = calls.c, hours.c

HOUR = 3_600_000  # milliseconds


class Hour(msgspec.Struct, frozen=True):
    """Of the calls that were begun in it, and have ended. `cost` in 10^-12 dollars."""

    calls: int = 0
    failed: int = 0
    cost: int = 0


_remember = Prepared(
    text(
        "INSERT INTO hours (hour, calls, failed, cost) "
        "VALUES (:hour, :calls, :failed, :cost) ON CONFLICT (hour) DO NOTHING"
    )
)
_note = Prepared(
    text(
        "INSERT INTO anomalies (kind, hour, created_at, sentence) "
        "VALUES (:kind, :hour, :created_at, :sentence) ON CONFLICT (kind, hour) DO NOTHING"
    )
)


def first(tx: Connection) -> int | None:
    """When the first call was entered that there is; None: there is none."""
    found = tx.scalar(select(func.min(_c.created_at)))
    return None if found is None else int(found)


def summed(tx: Connection, start: int) -> Hour:
    """The hour from `start` on, by the ledger."""
    failed = case((_c.state.in_(("failed", "abandoned")), 1), else_=0)
    row = tx.execute(
        select(func.count(), func.sum(failed), func.sum(_c.cost)).where(
            _c.created_at >= start, _c.created_at < start + HOUR, _c.state != "open"
        )
    ).one()
    return Hour(*(int(figure or 0) for figure in row))


def remembered(tx: Connection, starts: Sequence[int]) -> Mapping[int, Hour]:
    """Those that are known without a look into the ledger."""
    return {
        row.hour: Hour(*row[1:]) for row in tx.execute(select(hours).where(_h.hour.in_(starts)))
    }


def remember(tx: Connection, known: Mapping[int, Hour]) -> None:
    for start, hour in known.items():
        _remember(tx, {"hour": start, **msgspec.structs.asdict(hour)})


def note(tx: Connection, kind: str, hour: int, moment: int, sentence: str) -> bool:
    """Note that somebody is told of it. False: somebody was already."""
    row = {"kind": kind, "hour": hour, "created_at": moment, "sentence": sentence}
    return _note(tx, row).rowcount > 0

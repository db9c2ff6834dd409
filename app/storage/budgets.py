"""Statements on budgets, and on what was spent and set aside of them.

All of a call's rows are changed in the order of their budgets' ids, so that two calls never wait
for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select, text, tuple_

from app.storage import last
from app.storage.prepared import Prepared
from app.storage.tables import budgets

_b = budgets.c


class Budget(msgspec.Struct, frozen=True):
    """`amount` in 10^-12 dollars for each `period`: request, day or month."""

    id: str
    period: str
    amount: int


_ensure = Prepared(
    text(
        "INSERT INTO spending (budget_id, period, spent, held, alerted) "
        "VALUES (:budget_id, :period, 0, 0, 0) ON CONFLICT (budget_id, period) DO NOTHING"
    )
)
_hold = Prepared(
    text(
        "UPDATE spending SET held = held + :more WHERE budget_id = :budget_id "
        "AND period = :period AND spent + held + :more <= :amount"
    )
)
_HOLD_LAST = (
    "UPDATE spending SET held = held + %(more)s WHERE budget_id = %(budget_id)s "
    "AND period = %(period)s AND spent + held + %(more)s <= %(amount)s"
)
_settle = Prepared(
    text(
        "UPDATE spending SET held = held - :held, spent = spent + :spent "
        "WHERE budget_id = :budget_id AND period = :period RETURNING spent, alerted"
    )
)
_alert = Prepared(
    text(
        "UPDATE spending SET alerted = :level WHERE budget_id = :budget_id "
        "AND period = :period AND alerted < :level"
    )
)
_used = "SELECT spent + held FROM spending WHERE budget_id = :budget_id AND period = :period"
# PostgreSQL keeps the row for us until the end of the transaction; SQLite has one writer.
_USED = {"sqlite": Prepared(text(_used)), "postgresql": Prepared(text(f"{_used} FOR UPDATE"))}


def of(tx: Connection, subjects: Sequence[tuple[str, str]]) -> list[Budget]:
    """The budgets of each scope and subject."""
    query = select(_b.id, _b.period, _b.amount).where(tuple_(_b.scope, _b.subject).in_(subjects))
    return [Budget(*row) for row in tx.execute(query)]


def used(tx: Connection, budget_id: str, period: str) -> int:
    """What is spent and held, of a row that nobody else changes until we are done."""
    row = {"budget_id": budget_id, "period": period}
    _ensure(tx, row)
    found = _USED[tx.dialect.name](tx, row).fetchone()
    return int(found[0]) if found else 0


def hold(tx: Connection, budget_id: str, period: str, more: int, amount: int) -> bool:
    """Set `more` aside. False: it would go over the amount, and nothing has changed."""
    row = {"budget_id": budget_id, "period": period, "more": more, "amount": amount}
    return _hold(tx, row).rowcount > 0


def hold_last(tx: Connection, budget_id: str, period: str, more: int, amount: int) -> bool:
    """Likewise, with the commit; False: this has to be done now. See `app.storage.last`."""
    values = {"budget_id": budget_id, "period": period, "more": more, "amount": amount}
    return last.put_off(tx, _HOLD_LAST, values)


def settle(tx: Connection, budget_id: str, period: str, held: int, spent: int) -> tuple[int, int]:
    """Put what was spent in the place of what was held. What is spent now, and the last alert."""
    row = {"budget_id": budget_id, "period": period, "held": held, "spent": spent}
    found = _settle(tx, row).fetchone()
    return (int(found[0]), int(found[1])) if found else (0, 100)


def alert(tx: Connection, budget_id: str, period: str, level: int) -> bool:
    """Note that somebody is told of this level. False: somebody was already."""
    row = {"budget_id": budget_id, "period": period, "level": level}
    return _alert(tx, row).rowcount > 0

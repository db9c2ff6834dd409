"""Statements on the amounts that a key or a team may spend. What was spent of them stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, select, text

from app.storage.tables import budgets

_b = budgets.c

# 10^-12 dollars by period (request, day, month); None takes the budget away.
Amounts = Mapping[str, int | None]

_put = text(
    "INSERT INTO budgets (id, scope, subject, period, amount) "
    "VALUES (:id, :scope, :subject, :period, :amount) "
    "ON CONFLICT (id) DO UPDATE SET amount = excluded.amount"
)
# Of another amount the levels are other ones, and somebody is to be told of them again.
_forget_alerts = text(
    "UPDATE spending SET alerted = 0 WHERE budget_id = :id "
    "AND NOT EXISTS (SELECT 1 FROM budgets WHERE id = :id AND amount = :amount)"
)


def change(tx: Connection, scope: str, subject: str, amounts: Amounts) -> None:
    """Periods that are not named keep what they have."""
    for period, amount in amounts.items():
        budget_id = f"{scope}:{subject}:{period}"
        if amount is None:
            tx.execute(delete(budgets).where(_b.id == budget_id))
        else:
            row = {"scope": scope, "subject": subject, "period": period, "amount": amount}
            tx.execute(_forget_alerts, {"id": budget_id, "amount": amount})
            tx.execute(_put, {"id": budget_id, **row})


def of(tx: Connection, scope: str, subjects: Sequence[str]) -> dict[str, dict[str, int]]:
    """The amounts by subject and period. Who has none is there with none."""
    found: dict[str, dict[str, int]] = {subject: {} for subject in subjects}
    query = select(_b.subject, _b.period, _b.amount).order_by(_b.period)
    for row in tx.execute(query.where(_b.scope == scope, _b.subject.in_(subjects))):
        found[row.subject][row.period] = row.amount
    return found

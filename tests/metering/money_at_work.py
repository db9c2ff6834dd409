"""Budgets and a ledger on a database, with a budget of any size for whoever asks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select

from app.accounts import Account
from app.ids import new_id
from app.metering.budgets import Budgets, Purchase, installation
from app.metering.ledger import Ledger
from app.metrics import Metrics
from app.storage.budgets import Budget
from app.storage.database import Database
from app.storage.tables import budgets as table
from app.storage.tables import spending
from app.webhooks import Webhook


class News(Webhook):
    """Keeps what it is to post."""

    def __init__(self) -> None:
        super().__init__(None, None)
        self.posted: list[dict[str, Any]] = []

    def post(self, event: str, data: Any) -> None:
        self.posted.append({"event": event, **data})


def account(team: str | None = None) -> Account:
    """A key that nobody has used before."""
    return Account(owner="ada", key_id=new_id("key"), team=team)


def budget(database: Database, scope: str, subject: str | None, period: str, amount: int) -> Budget:
    made = Budget(f"{scope}:{subject}:{period}", period, amount)
    row = {"scope": scope, "subject": subject, "id": made.id, "period": period, "amount": amount}
    database.write(lambda tx: tx.execute(insert(table).values(row)) and None)
    return made


def costing(each: int, tokens: int = 1) -> Purchase:
    """So many units for a token of output."""
    return Purchase(tokens, lambda output: each * output)


def held_and_spent(database: Database, made: Budget) -> tuple[int, int]:
    query = select(spending.c.held, spending.c.spent).where(spending.c.budget_id == made.id)
    rows = database.read(lambda tx: tx.execute(query).all())
    return sum(row.held for row in rows), sum(row.spent for row in rows)


def ledger(
    database: Database, news: News | None = None, lease: float = 60.0, **dollars: str
) -> Ledger:
    own = installation(**{period: Decimal(amount) for period, amount in dollars.items()})
    return Ledger(database, Budgets(own, "UTC"), Metrics(), news or News(), lease)

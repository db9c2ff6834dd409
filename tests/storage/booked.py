"""Rows of the ledger, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete

from app.ids import new_id
from app.storage import calls
from app.storage.calls import StoredCall
from app.storage.database import Database, Transaction
from app.storage.tables import calls as table

_PLAIN: dict[str, Any] = {
    "created_at": 0,
    "owner": "ada",
    "key_id": None,
    "team": None,
    "conversation_id": "conv_1",
    "run_id": "run_1",
    "attempt": 1,
    "provider": "openai",
    "model": "gpt-4o",
    "held": 0,
    "holds": (),
    "process": "proc_1",
    "lease_until": 0,
    "state": "ok",
    "cost": 0,
}


def call(**fields: Any) -> StoredCall:
    return StoredCall(**{**_PLAIN, "id": new_id("call"), **fields})


def book(database: Database, booked: Iterable[StoredCall]) -> None:
    """Make these the ledger's only rows."""

    def work(tx: Transaction) -> None:
        tx.execute(delete(table))
        for each in booked:
            calls.add(tx, each)

    database.write(work)

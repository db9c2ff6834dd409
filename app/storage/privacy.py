"""Statements on all that there is of one owner: to be taken away, or to be deleted.

A table that a new migration adds belongs into one of these lists; a test asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select

from app.storage.conversations import Conversation, find
from app.storage.tables import (
    anomalies,
    budgets,
    calls,
    consents,
    conversations,
    feedback,
    hours,
    keys,
    messages,
    parked,
    run_logs,
    runs,
    secrets,
    sessions,
    spending,
    teams,
)

# Those with an owner, without the conversations: what hangs on these goes with them.
_OWNED: tuple[Table, ...] = (feedback, consents)
WITH_CONVERSATIONS: tuple[Table, ...] = (messages, runs, feedback, run_logs, parked)
# Money and keys, and what is counted of all together: no text of a person's is in them.
KEPT: tuple[Table, ...] = (calls, budgets, spending, keys, teams, secrets, hours, anomalies)
DELETED: tuple[Table, ...] = (conversations, *WITH_CONVERSATIONS, *_OWNED, sessions)

Amounts = Mapping[str, int]


def amounts(tx: Connection, owner: str) -> Amounts:
    """How many rows there are of what people know of."""
    mine = select(conversations.c.id).where(conversations.c.owner == owner)
    said = select(func.count()).where(messages.c.conversation_id.in_(mine))
    counted = {"conversations": _count(tx, conversations, owner), "messages": tx.scalar(said) or 0}
    return {**counted, "runs": _count(tx, runs, owner), "feedback": _count(tx, feedback, owner)}


def run_ids(tx: Connection, owner: str, payer: str, since: int) -> Sequence[str]:
    """Of all runs that are kept, and of those since a moment that were not, as far as the ledger
    can tell: a log of theirs may still be in Redis.
    """
    kept = tx.scalars(select(runs.c.id).where(runs.c.owner == owner)).all()
    late = select(calls.c.run_id).where(calls.c.owner == payer, calls.c.created_at >= since)
    return sorted({*kept, *tx.scalars(late).all()})


def remove_conversations(tx: Connection, owner: str, most: int) -> int:
    """Some, with all that was said in them. How many those were."""
    some = select(conversations.c.id).where(conversations.c.owner == owner).limit(most)
    return tx.execute(delete(conversations).where(conversations.c.id.in_(some))).rowcount


def remove_rest(tx: Connection, owner: str, key_id: str | None, user: str | None) -> None:
    """What is left once the conversations are gone. Whoever was signed in as them is not."""
    for table in _OWNED:
        tx.execute(delete(table).where(table.c.owner == owner))
    tx.execute(delete(sessions).where(sessions.c.key_id == key_id, sessions.c.user_id == user))


def conversations_after(tx: Connection, owner: str, last: str, most: int) -> Sequence[Conversation]:
    """In the order of their ids, from the one after `last` on; a prompt's are among them."""
    mine = select(conversations.c.id).where(conversations.c.owner == owner)
    some = mine.where(conversations.c.id > last).order_by(conversations.c.id).limit(most)
    return [find(tx, owner, some_id) for some_id in tx.scalars(some)]


def runs_after(tx: Connection, owner: str, last: str, most: int) -> Sequence[dict[str, Any]]:
    names = ("id", "conversation_id", "message_id", "model", "state", "created_at", "ended_at")
    mine = select(*[runs.c[name] for name in names]).where(runs.c.owner == owner)
    return _page(tx, mine.where(runs.c.id > last).order_by(runs.c.id).limit(most))


def calls_after(
    tx: Connection, payer: str, user: str | None, last: str, most: int
) -> Sequence[dict[str, Any]]:
    """The ledger's, of the payer or of one of their users."""
    hidden = ("owner", "holds", "held", "process", "lease_until")
    shown = [column for column in calls.c if column.name not in hidden]
    mine = select(*shown).where(calls.c.owner == payer, calls.c.user_id == user)
    return _page(tx, mine.where(calls.c.id > last).order_by(calls.c.id).limit(most))


def accepted(tx: Connection, owner: str) -> Sequence[dict[str, Any]]:
    c = consents.c
    mine = select(c.version, c.accepted_at).where(c.owner == owner)
    return _page(tx, mine.order_by(c.accepted_at))


def _page(tx: Connection, query: Any) -> Sequence[dict[str, Any]]:
    return [dict(row) for row in tx.execute(query).mappings()]


def _count(tx: Connection, table: Table, owner: str) -> int:
    return tx.scalar(select(func.count()).where(table.c.owner == owner)) or 0

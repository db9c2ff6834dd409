"""Statements that remove what is older than it may be, a few rows at a time."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, Table, delete, select

from app.storage.tables import calls, conversations, feedback, runs

# Removes at most so many rows of what is older than a moment; how many those were.
Removal = Callable[[Connection, int, int], int]


def old_conversations(tx: Connection, before: int, most: int) -> int:
    """With all that was said in them. One that was used lately is not old."""
    return _remove(tx, conversations, conversations.c.updated_at, before, most)


def old_runs(tx: Connection, before: int, most: int) -> int:
    """What a replay needs, and what an Idempotency-Key stands for; the answers stay."""
    ended = runs.c.state.not_in(("running", "waiting"))
    # An id begins with the time of its making: its index is the index of the time.
    return _remove(tx, runs, runs.c.id, f"run_{before:012x}", most, ended)


def old_feedback(tx: Connection, before: int, most: int) -> int:
    return _remove(tx, feedback, feedback.c.created_at, before, most)


def old_calls(tx: Connection, before: int, most: int) -> int:
    """Of the ledger. What was spent of budgets is kept elsewhere."""
    return _remove(tx, calls, calls.c.created_at, before, most, calls.c.state != "open")


def _remove(
    tx: Connection,
    table: Table,
    age: ColumnElement[int] | ColumnElement[str],
    before: int | str,
    most: int,
    *conditions: ColumnElement[bool],
) -> int:
    (key,) = table.primary_key.columns
    old = select(key).where(age < before, *conditions).order_by(age).limit(most)
    return tx.execute(delete(table).where(key.in_(old))).rowcount

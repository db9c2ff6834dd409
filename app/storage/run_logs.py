"""Statements on the logs of agents' runs, which are kept in pieces while they come."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from app.storage.conversations import storable
from app.storage.tables import run_logs

_l = run_logs.c


def add(tx: Connection, run_id: str, position: int, events: bytes) -> None:
    """Keep what follows the first `position` events. What stood there is replaced."""
    tx.execute(delete(run_logs).where(_l.run_id == run_id, _l.position >= position))
    tx.execute(insert(run_logs).values(run_id=run_id, position=position, events=events))


def read(tx: Connection, run_id: str) -> list[bytes]:
    """The pieces in their order; none for a run that is no agent's, or has done nothing yet."""
    query = select(_l.events).where(_l.run_id == storable(run_id)).order_by(_l.position)
    return [bytes(row.events) for row in tx.execute(query)]

"""Statements on runs that wait for a person. Whoever takes one out goes on with it, alone."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from app.storage.conversations import storable
from app.storage.tables import parked, runs

_p = parked.c


def add(tx: Connection, run_id: str, owner: str, expires_at: int, state: str) -> bool:
    """Park a run that is under way. False: it is gone, or was taken for dead."""
    going = update(runs).where(runs.c.id == run_id, runs.c.state == "running")
    if tx.execute(going.values(state="waiting", process=None)).rowcount == 0:
        return False
    row = {"run_id": run_id, "owner": owner, "expires_at": expires_at, "state": state}
    tx.execute(insert(parked).values(row))
    return True


def find(tx: Connection, owner: str, run_id: str, *, lock: bool = False) -> str | None:
    """The state of a run; with a lock nobody else changes it until the transaction ends.

    None: it does not wait, or is somebody else's.
    """
    mine = select(_p.state).where(_p.run_id == storable(run_id), _p.owner == owner)
    state: str | None = tx.scalar(mine.with_for_update() if lock else mine)
    return state


def put(tx: Connection, run_id: str, state: str) -> None:
    tx.execute(update(parked).where(_p.run_id == run_id).values(state=state))


def take(tx: Connection, run_id: str, process: str) -> bool:
    """Take it out, for a process to go on with. False: somebody has done so."""
    if tx.execute(delete(parked).where(_p.run_id == run_id)).rowcount == 0:
        return False
    waiting = update(runs).where(runs.c.id == run_id, runs.c.state == "waiting")
    return tx.execute(waiting.values(state="running", process=process)).rowcount > 0


def expired(tx: Connection, moment: int, limit: int = 20) -> Sequence[tuple[str, str]]:
    """Owner and id of runs for which the time is up."""
    query = select(_p.owner, _p.run_id).where(_p.expires_at <= moment).order_by(_p.expires_at)
    return [(str(row.owner), str(row.run_id)) for row in tx.execute(query.limit(limit))]

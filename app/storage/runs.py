"""Statements on runs: one row for each generation, written at its start and at its end."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from app.errors import NotFound
from app.ids import now
from app.storage.prepared import Prepared
from app.storage.tables import runs

State = Literal["running", "done", "failed", "stopped", "interrupted"]


class StoredRun(msgspec.Struct, frozen=True, kw_only=True):
    """`message_id` is the answer's, `model` who was asked. Times as everywhere in storage."""

    id: str
    conversation_id: str
    message_id: str
    model: str
    state: State
    created_at: int
    ended_at: int | None = None


_COLUMNS = [runs.c[name] for name in StoredRun.__struct_fields__]
_insert = Prepared(insert(runs), [*StoredRun.__struct_fields__, "owner"])
_finish = Prepared(update(runs).where(runs.c.id == bindparam("finished")), ["state", "ended_at"])


def add(tx: Connection, owner: str, run: StoredRun) -> None:
    _insert(tx, {**msgspec.structs.asdict(run), "owner": owner})


def finish(tx: Connection, run_id: str, state: State) -> bool:
    """False where the run is gone, because its conversation was deleted meanwhile."""
    return _finish(tx, {"finished": run_id, "state": state, "ended_at": now()}).rowcount > 0


def find(tx: Connection, owner: str, run_id: str) -> StoredRun:
    """Raises NotFound, for somebody else's too."""
    query = select(*_COLUMNS).where(runs.c.id == run_id, runs.c.owner == owner)
    row = tx.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound("run")
    return StoredRun(**row)

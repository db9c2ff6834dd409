"""Statements on runs: one row for each generation, written at its start and at its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from app.errors import NotFound
from app.ids import now
from app.storage.conversations import storable
from app.storage.prepared import INTEGRITY, Prepared
from app.storage.tables import runs

# `waiting`: for a person, in no process.
State = Literal["running", "waiting", "done", "failed", "stopped", "interrupted"]


class Once(msgspec.Struct, frozen=True):
    """A caller's Idempotency-Key, and a fingerprint of what came with it."""

    key: str
    fingerprint: str


class StoredRun(msgspec.Struct, frozen=True, kw_only=True):
    """`message_id` is the answer's, `model` who is asked, and at the end who answered.

    `pieces` is how the answer's text was cut into events: the length of each in characters,
    those of the reasoning below zero. It is None until the run has ended.
    `process` is whose worker generates it.
    """

    id: str
    conversation_id: str
    message_id: str
    model: str
    state: State
    created_at: int
    ended_at: int | None = None
    pieces: tuple[int, ...] | None = None
    process: str | None = None


_COLUMNS = [runs.c[name] for name in StoredRun.__struct_fields__]
_SELECT = select(*_COLUMNS)
_pieces = msgspec.json.Decoder(tuple[int, ...])
_insert = Prepared(
    insert(runs), [*StoredRun.__struct_fields__, "owner", "idempotency_key", "fingerprint"]
)
_finish = Prepared(
    update(runs).where(runs.c.id == bindparam("finished"), runs.c.state == bindparam("was")),
    ["model", "state", "ended_at", "pieces"],
)


class KeyTaken(Exception):
    """The Idempotency-Key belongs to another run."""


def add(tx: Connection, owner: str, run: StoredRun, once: Once | None = None) -> None:
    """Raises KeyTaken."""
    row = {**msgspec.structs.asdict(run), "owner": owner}
    row["idempotency_key"] = once.key if once else None
    row["fingerprint"] = once.fingerprint if once else None
    try:
        _insert(tx, row)
    except INTEGRITY as error:
        if once is None:
            raise
        raise KeyTaken from error


def finish(
    tx: Connection,
    run_id: str,
    model: str,
    state: State,
    pieces: Sequence[int],
    was: State = "running",
) -> bool:
    """False where the run is gone, because its conversation was deleted meanwhile, or where it is
    not `was` any more: its process was taken for dead.
    """
    cut = msgspec.json.encode(pieces).decode()
    ended = {
        "finished": run_id,
        "was": was,
        "model": model,
        "state": state,
        "ended_at": now(),
        "pieces": cut,
    }
    return _finish(tx, ended).rowcount > 0


def state_of(tx: Connection, run_id: str) -> State | None:
    """None where the run is gone."""
    found: State | None = tx.scalar(select(runs.c.state).where(runs.c.id == run_id))
    return found


def interrupt(tx: Connection, run_id: str) -> None:
    """Of a run whose process ended before it did."""
    open_ = update(runs).where(runs.c.id == run_id, runs.c.state == "running")
    tx.execute(open_.values(state="interrupted", ended_at=now()))


def remove(tx: Connection, run_id: str) -> None:
    """Of a run that nobody has begun to work on. Its Idempotency-Key is free again."""
    tx.execute(delete(runs).where(runs.c.id == run_id, runs.c.state == "running"))


def left_by(tx: Connection, process: str) -> Sequence[StoredRun]:
    """What a process has running."""
    query = _SELECT.where(runs.c.process == process, runs.c.state == "running")
    return [_value(row) for row in tx.execute(query.order_by(runs.c.id))]


def find(tx: Connection, owner: str, run_id: str) -> StoredRun:
    """Raises NotFound, for somebody else's too."""
    row = tx.execute(
        _SELECT.where(runs.c.id == storable(run_id), runs.c.owner == owner)
    ).one_or_none()
    if row is None:
        raise NotFound("run")
    return _value(row)


def newest(tx: Connection, owner: str, conversation_id: str) -> StoredRun | None:
    """The one that was begun last in a conversation."""
    mine = _SELECT.where(runs.c.conversation_id == conversation_id, runs.c.owner == owner)
    row = tx.execute(mine.order_by(runs.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _value(row)


def open_in(tx: Connection, owner: str, conversation_id: str) -> Sequence[StoredRun]:
    """Those in a conversation that have not ended, the newest first."""
    mine = _SELECT.where(runs.c.conversation_id == storable(conversation_id), runs.c.owner == owner)
    open_ = mine.where(runs.c.state.in_(("running", "waiting")))
    return [_value(row) for row in tx.execute(open_.order_by(runs.c.id.desc()))]


def find_once(tx: Connection, owner: str, key: str) -> tuple[str, str] | None:
    """The run that a key was used for, and the fingerprint of what came with it."""
    query = select(runs.c.id, runs.c.fingerprint)
    row = tx.execute(
        query.where(runs.c.owner == owner, runs.c.idempotency_key == key)
    ).one_or_none()
    return (row.id, row.fingerprint or "") if row else None


def _value(row: Row[Any]) -> StoredRun:
    fields = dict(row._mapping)
    fields["pieces"] = None if row.pieces is None else _pieces.decode(row.pieces)
    return StoredRun(**fields)

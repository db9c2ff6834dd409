"""Statements on the ledger: a row for every call to a provider, from before it is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from app.storage.prepared import Prepared
from app.storage.tables import calls

_c = calls.c

# `abandoned`: its process ended before it did, and it is booked at what was set aside.
State = Literal["open", "ok", "failed", "stopped", "abandoned"]

# A budget's id, the day or month of it, and its amount at the time.
Hold = tuple[str, str, int]


class StoredCall(msgspec.Struct, frozen=True, kw_only=True):
    """Times in milliseconds, money in 10^-12 dollars; `cost` is None where nobody knows it.

    `owner` is the key's; `user_id` who of its users it was for. `prompt` is the one that it was
    made for, as name@version.
    """

    id: str
    created_at: int
    owner: str
    key_id: str | None
    team: str | None
    conversation_id: str
    run_id: str
    attempt: int
    provider: str
    model: str
    held: int
    holds: tuple[Hold, ...]
    process: str
    lease_until: int
    prompt: str | None = None
    user_id: str | None = None
    state: State = "open"
    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False
    cost: int | None = None
    price_version: str | None = None
    finish_reason: str | None = None
    code: str | None = None
    latency_ms: int | None = None
    first_token_ms: int | None = None


_FIELDS = StoredCall.__struct_fields__
_ENDS = (*_FIELDS[_FIELDS.index("state") :], "lease_until")
_insert = Prepared(insert(calls), _FIELDS)
_end = Prepared(
    update(calls).where(_c.id == bindparam("ended"), _c.state == bindparam("was")), _ENDS
)
_delete = Prepared(calls.delete().where(_c.id == bindparam("gone"), _c.state == "open"))
_holds = msgspec.json.Decoder(tuple[Hold, ...])


def add(tx: Connection, call: StoredCall) -> None:
    _insert(tx, _row(call))


def end(tx: Connection, call: StoredCall, was: State = "open") -> bool:
    """Write how the call ended. False: it is not `was` any more, and nothing is written."""
    row = _row(call)
    ends = {name: row[name] for name in _ENDS if name != "lease_until"}
    return _end(tx, {**ends, "lease_until": None, "ended": call.id, "was": was}).rowcount > 0


def remove(tx: Connection, call_id: str) -> bool:
    """Forget a call that was never made. False: it is not open, or not there."""
    return _delete(tx, {"gone": call_id}).rowcount > 0


def find(tx: Connection, call_id: str) -> StoredCall | None:
    return next(iter(_found(tx, _c.id == call_id)), None)


def expired(tx: Connection, moment: int) -> Sequence[StoredCall]:
    """Open calls whose process has not renewed their lease."""
    return _found(tx, _c.lease_until < moment, _c.state == "open")


def of_run(tx: Connection, run_id: str) -> Sequence[StoredCall]:
    return _found(tx, _c.run_id == run_id)


def held(tx: Connection) -> int:
    """What is set aside for all calls that are open, in 10^-12 dollars."""
    open_calls = select(func.sum(_c.held)).where(_c.lease_until > 0, _c.state == "open")
    return int(tx.scalar(open_calls) or 0)


def renew(tx: Connection, process: str, until: int, oldest: int) -> None:
    """Say that the process lives, for all its open calls that were made since `oldest`."""
    leased = update(calls).where(_c.lease_until > 0, _c.state == "open")  # by the index
    mine = leased.where(_c.process == process, _c.created_at > oldest)
    tx.execute(mine.values(lease_until=until))


def _found(tx: Connection, *conditions: Any) -> Sequence[StoredCall]:
    query = select(*[_c[name] for name in _FIELDS]).where(*conditions).order_by(_c.id)
    return [_value(row) for row in tx.execute(query).mappings()]


def _row(call: StoredCall) -> dict[str, Any]:
    row = msgspec.structs.asdict(call)
    row["model"] = msgspec.json.encode(call.model).decode()
    row["holds"] = msgspec.json.encode(call.holds).decode()
    row["estimated"] = int(call.estimated)
    return row


def _value(row: Any) -> StoredCall:
    fields: dict[str, Any] = dict(row)
    fields["model"] = msgspec.json.decode(row["model"])
    fields["holds"] = _holds.decode(row["holds"])
    fields["estimated"] = bool(row["estimated"])
    fields["lease_until"] = row["lease_until"] or 0
    fields["process"] = row["process"] or ""
    return StoredCall(**fields)

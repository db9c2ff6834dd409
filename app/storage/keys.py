"""Statements on keys. Of a key itself only a digest is kept, which is looked up by equality.

The digest is an HMAC: a key that is nearly right has one that is nothing like it, so how long an
index takes to find or to miss it says nothing about how much of a key was guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, bindparam, insert, or_, select, update

from app.accounts import Limits
from app.errors import BadInput, Conflict, NotFound
from app.ids import now
from app.storage.conversations import storable
from app.storage.prepared import Prepared
from app.storage.tables import keys, teams

_k = keys.c
_LIMITS = [field.name for field in fields(Limits)]
_JSON = {"name", "scopes", "models", "metadata"}
_CURSOR = re.compile("key_[0-9a-f]{32}")


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """Times are milliseconds since 1970. `models` None means all.

    `shown` is the key's beginning. Until `previous_until` the one before it is taken as well.
    `user_limits` are for each of its users, where it has users.
    """

    id: str
    shown: str
    name: str
    owner: str
    team: str | None
    scopes: tuple[str, ...]
    models: tuple[str, ...] | None
    metadata: Mapping[str, Any]
    limits: Limits
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    previous_until: int | None
    user_limits: Limits = Limits()

    @property
    def state(self) -> Literal["active", "expired", "revoked"]:
        if self.revoked_at is not None:
            return "revoked"
        expired = self.expires_at is not None and self.expires_at <= now()
        return "expired" if expired else "active"


class Found(msgspec.Struct, frozen=True):
    """The key that a digest belongs to; whether to how it is now, or was before its rotation."""

    key: Key
    current: bool
    team_limits: Limits


class KeyPage(msgspec.Struct, frozen=True):
    """`next_cursor` is None on the last page."""

    keys: Sequence[Key]
    next_cursor: str | None


_OF_LIMITS = {"limits": "", "user_limits": "user_"}  # how their columns' names begin
_FIELDS = [name for name in Key.__struct_fields__ if name not in _OF_LIMITS] + [
    f"{prefix}{name}" for prefix in _OF_LIMITS.values() for name in _LIMITS
]
_SELECT = select(*[_k[name] for name in _FIELDS])
_with_team = select(
    _k.digest, *[_k[name] for name in _FIELDS], *[teams.c[name] for name in _LIMITS]
).select_from(keys.outerjoin(teams, teams.c.name == _k.team))
_by_digest = Prepared(
    _with_team.where(or_(_k.digest == bindparam("sent"), _k.previous_digest == bindparam("sent")))
)
_by_id = Prepared(_with_team.where(_k.id == bindparam("asked")))


def add(tx: Connection, given: Mapping[str, Any]) -> None:
    """`given` are fields of a Key, with the `digest`; limits that are not named there are none."""
    tx.execute(insert(keys).values(**_row(given)))


def by_digest(tx: Connection, digest: str) -> Found | None:
    row = _by_digest(tx, {"sent": digest}).fetchone()
    return None if row is None else _found(row, current=row[0] == digest)


def by_id(tx: Connection, key_id: str) -> Found | None:
    """As it is now, whatever it was before a rotation."""
    row = _by_id(tx, {"asked": key_id}).fetchone()
    return None if row is None else _found(row, current=True)


def find(tx: Connection, key_id: str) -> Key:
    """Raises NotFound."""
    row = tx.execute(_SELECT.where(_k.id == storable(key_id))).one_or_none()
    if row is None:
        raise NotFound("key")
    return _value(row)


def page(tx: Connection, limit: int, cursor: str | None) -> KeyPage:
    """The newest first, as their ids sort by time. Raises BadInput for a bad cursor."""
    query = _SELECT.order_by(_k.id.desc()).limit(limit + 1)
    if cursor is not None:
        if not _CURSOR.fullmatch(cursor):
            said = "Not a cursor of ours; take `next_cursor` of the page before."
            raise BadInput(said, errors={"cursor": [said]})
        query = query.where(_k.id < cursor)
    found = [_value(row) for row in tx.execute(query)]
    shown = found[:limit]
    return KeyPage(shown, shown[-1].id if len(found) > limit else None)


def change(tx: Connection, key_id: str, changes: Mapping[str, Any]) -> None:
    """`changes` are fields of a Key, and of its limits those that change."""
    if row := _row(changes):  # limits may be there, and none of them changed
        tx.execute(update(keys).where(_k.id == key_id).values(**row))


def rotate(tx: Connection, key_id: str, digest: str, shown: str, until: int) -> None:
    """Put another digest in its place; the one that it has is taken until then."""
    mine = update(keys).where(_k.id == key_id)
    tx.execute(
        mine.values(previous_digest=_k.digest, previous_until=until, digest=digest, shown=shown)
    )


def renew(tx: Connection, old: str, new: str) -> None:
    """Put another digest of the same key in its place."""
    for column in ("digest", "previous_digest"):
        tx.execute(update(keys).where(_k[column] == old).values({column: new}))


def revoke(tx: Connection, key_id: str) -> None:
    """For good. The first time counts. Raises NotFound."""
    find(tx, key_id)
    mine = update(keys).where(_k.id == storable(key_id), _k.revoked_at.is_(None))
    tx.execute(mine.values(revoked_at=now()))


def living(tx: Connection, key_id: str) -> Key:
    """A key that may be changed. Raises NotFound, and Conflict for one that is revoked."""
    key = find(tx, key_id)
    if key.revoked_at is not None:
        raise Conflict("This key is revoked, for good. Make another one.")
    return key


def _row(values: Mapping[str, Any]) -> dict[str, Any]:
    row = {name: value for name, value in values.items() if name not in _OF_LIMITS}
    for field, prefix in _OF_LIMITS.items():
        row |= {f"{prefix}{name}": value for name, value in values.get(field, {}).items()}
    for name in _JSON & row.keys():
        row[name] = None if row[name] is None else msgspec.json.encode(row[name]).decode()
    return row


def _found(row: Sequence[Any], *, current: bool) -> Found:
    shared = dict(zip(_LIMITS, row[-len(_LIMITS) :], strict=True))
    return Found(_value(row[1 : -len(_LIMITS)]), current, Limits(**shared))


def _value(row: Sequence[Any]) -> Key:
    values = dict(zip(_FIELDS, row, strict=True))
    for field, prefix in _OF_LIMITS.items():
        values[field] = {name: values.pop(f"{prefix}{name}") for name in _LIMITS}
    for name in _JSON:
        values[name] = None if values[name] is None else msgspec.json.decode(values[name])
    return msgspec.convert(values, Key)

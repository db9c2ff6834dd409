"""Statements on sessions. Of what a cookie holds only a digest is kept."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update

from app.storage.prepared import Prepared
from app.storage.tables import sessions

_s = sessions.c


class Grant(msgspec.Struct, frozen=True):
    """As whom a session acts: with `key_digest` as a key, of which `key_id` is None for ADMIN_KEY;
    without one as a user of the key, whatever that is by now.
    """

    key_id: str | None
    key_digest: str | None
    user_id: str | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Times are milliseconds since 1970; at `ends_at` it is over, used or not."""

    id: str
    digest: str
    key_id: str | None
    key_digest: str | None
    user_id: str | None
    created_at: int
    seen_at: int
    ends_at: int

    @property
    def grant(self) -> Grant:
        return Grant(self.key_id, self.key_digest, self.user_id)


_FIELDS = Session.__struct_fields__
_find = Prepared(select(*[_s[name] for name in _FIELDS]).where(_s.digest == bindparam("sent")))


def add(tx: Connection, session: Session) -> None:
    tx.execute(insert(sessions).values(**msgspec.structs.asdict(session)))


def find(tx: Connection, digest: str) -> Session | None:
    row = _find(tx, {"sent": digest}).fetchone()
    return None if row is None else Session(**dict(zip(_FIELDS, row, strict=True)))


def seen(tx: Connection, session_id: str, moment: int) -> None:
    tx.execute(update(sessions).where(_s.id == session_id).values(seen_at=moment))


def end(tx: Connection, digest: str) -> None:
    tx.execute(delete(sessions).where(_s.digest == digest))


def end_all(tx: Connection, key_id: str | None, user_id: str | None) -> None:
    """Those of a key's holder, or of one of its users."""
    tx.execute(delete(sessions).where(_is(_s.key_id, key_id), _is(_s.user_id, user_id)))


def sweep(tx: Connection, moment: int) -> None:
    """Forget those that are over."""
    tx.execute(delete(sessions).where(_s.ends_at <= moment))


def renew(tx: Connection, old: str, new: str) -> None:
    """The key that they stand on has another digest now, and is the same."""
    tx.execute(update(sessions).where(_s.key_digest == old).values(key_digest=new))


def _is(column: Any, value: str | None) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.is_(None) if value is None else column == value
    return found

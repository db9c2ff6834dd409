"""Statements on what people have accepted."""

from __future__ import annotations

from sqlalchemy import Connection, select, text

from app.ids import now
from app.storage.tables import consents

_add = text(
    "INSERT INTO consents (owner, version, accepted_at) VALUES (:owner, :version, :accepted_at) "
    "ON CONFLICT (owner, version) DO NOTHING"
)


def add(tx: Connection, owner: str, version: str) -> int:
    """When it was accepted, which is the first time that it was."""
    tx.execute(_add, {"owner": owner, "version": version, "accepted_at": now()})
    found = find(tx, owner, version)
    assert found is not None
    return found


def find(tx: Connection, owner: str, version: str) -> int | None:
    """The moment; None where it was not accepted."""
    c = consents.c
    query = select(c.accepted_at).where(c.owner == owner, c.version == version)
    moment: int | None = tx.scalar(query)
    return moment

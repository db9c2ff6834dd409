"""Secrets that an installation makes for itself, once, and shares between its processes."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, select, text

from app.storage import tables

_ensure = text(
    "INSERT INTO secrets (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING"
)


def find(tx: Connection, name: str) -> str | None:
    value = tx.scalar(select(tables.secrets.c.value).where(tables.secrets.c.name == name))
    return None if value is None else str(value)


def make(tx: Connection, name: str) -> str:
    """The secret with this name: 256 bits in hexadecimal. Whoever comes first makes it."""
    tx.execute(_ensure, {"name": name, "value": secrets.token_hex(32)})
    found = find(tx, name)
    assert found is not None
    return found

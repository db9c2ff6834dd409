"""Who has signed in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from app.storage.tables.base import metadata

# A cookie's right to act as a key: as what the key is at the time, and no longer than it is one.
sessions = Table(
    "sessions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256, in hexadecimal
    Column("key_id", String(40)),  # NULL: of ADMIN_KEY
    # What the key was that it was begun with; NULL: it was a user's token.
    Column("key_digest", String(64)),
    Column("user_id", String(255)),  # who of the key's users; NULL: the key's holder
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Index("ix_sessions_key_id", "key_id"),
    Index("ix_sessions_ends_at", "ends_at"),
)

"""Who may call, and with what limits."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from app.storage.tables.base import metadata

keys = Table(
    "keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),  # HMAC-SHA256, in hexadecimal
    Column("shown", String(16), nullable=False),  # the key's beginning, to tell keys apart
    Column("name", Text, nullable=False),  # a JSON string
    Column("owner", String(80), nullable=False),
    Column("team", String(80)),
    Column("scopes", Text, nullable=False),  # a JSON list
    Column("models", Text),  # a JSON list of patterns; NULL: all
    Column("metadata", Text, nullable=False),  # a JSON object
    Column("requests_per_minute", Integer),
    Column("tokens_per_minute", Integer),
    Column("streams", Integer),
    Column("max_output_tokens", Integer),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    # What the key was before it was rotated, and until when that is taken as well.
    Column("previous_digest", String(64), unique=True),
    Column("previous_until", BigInteger),
    # What each of its users may, where it has users.
    Column("user_requests_per_minute", Integer),
    Column("user_tokens_per_minute", Integer),
    Column("user_streams", Integer),
    Column("user_max_output_tokens", Integer),
    Index("ix_keys_owner", "owner"),
)

# What the keys of a team share.
teams = Table(
    "teams",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("requests_per_minute", Integer),
    Column("tokens_per_minute", Integer),
    Column("streams", Integer),
    Column("max_output_tokens", Integer),
)

# What this installation has made for itself, where the environment gives it none.
secrets = Table(
    "secrets",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", String(64), nullable=False),
)

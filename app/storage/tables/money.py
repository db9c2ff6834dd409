"""Budgets, what was spent of them, and the ledger."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from app.storage.tables.base import metadata

budgets = Table(
    "budgets",
    metadata,
    Column("id", String(140), primary_key=True),  # scope:subject:period
    Column("scope", String(16), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("period", String(8), nullable=False),
    Column("amount", BigInteger, nullable=False),  # in 10^-12 US dollars, as all money in tables
)

# What was spent and what is set aside, for each budget and each of its days or months.
spending = Table(
    "spending",
    metadata,
    Column("budget_id", String(140), primary_key=True),
    Column("period", String(10), primary_key=True),  # 2026-11-21 or 2026-11
    Column("spent", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("alerted", Integer, nullable=False),  # per cent that somebody was told of
)

# The ledger: a row for every call to a provider, from before it is made. It outlives the
# conversation, and holds nothing that was said.
calls = Table(
    "calls",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("owner", String(80), nullable=False),
    Column("key_id", String(40)),
    Column("team", String(80)),
    Column("conversation_id", String(40), nullable=False),
    Column("run_id", String(40), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("provider", String(80), nullable=False),
    Column("model", Text, nullable=False),  # a JSON string
    Column("state", String(16), nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("holds", Text, nullable=False),  # a JSON list of [budget_id, period, amount]
    Column("process", String(40)),
    Column("lease_until", BigInteger),
    Column("input_tokens", Integer, nullable=False),
    Column("cached_input_tokens", Integer, nullable=False),
    Column("cache_write_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("reasoning_tokens", Integer, nullable=False),
    Column("estimated", Integer, nullable=False),
    Column("cost", BigInteger),  # NULL where nobody knows the price
    Column("price_version", String(40)),
    Column("finish_reason", String(16)),
    Column("code", String(40)),
    Column("latency_ms", Integer),
    Column("first_token_ms", Integer),
    Column("prompt", String(80)),  # name@version
    Column("user_id", String(255)),  # who of the key's users, as its holder names them
    Index("ix_calls_owner_created_at", "owner", "created_at"),
    Index("ix_calls_created_at", "created_at"),
    Index("ix_calls_run_id", "run_id"),
    Index("ix_calls_lease_until", "lease_until"),
)

"""What is watched: the figures of past hours, and the hours that somebody was told of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from app.storage.tables.base import metadata

# Sums over the ledger, of hours in which nothing changes any more.
hours = Table(
    "hours",
    metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),  # when it began
    Column("calls", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("cost", BigInteger, nullable=False),  # in 10^-12 US dollars
)

# One of a kind for an hour, whoever noticed it.
anomalies = Table(
    "anomalies",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sentence", Text, nullable=False),
)

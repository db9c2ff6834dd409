"""What agents did, event for event, and those that wait for a person."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from app.storage.tables.base import metadata

# An agent's run in pieces: a row for each step, written when it has ended.
run_logs = Table(
    "run_logs",
    metadata,
    Column("run_id", String(40), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    # How many events stand before these.
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("events", LargeBinary, nullable=False),
)

# A run that waits: all that is needed to go on, as JSON. The row is gone when it does.
parked = Table(
    "parked",
    metadata,
    Column("run_id", String(40), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("state", Text, nullable=False),
)

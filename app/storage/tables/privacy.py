"""What people agreed to, and what they say of answers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from app.storage.tables.base import metadata

# Which terms an owner has accepted, and when.
consents = Table(
    "consents",
    metadata,
    Column("owner", String(80), primary_key=True),
    Column("version", String(40), primary_key=True),
    Column("accepted_at", BigInteger, nullable=False),
)

# One for each answer, by whose it is; it goes with the message.
feedback = Table(
    "feedback",
    metadata,
    Column(
        "message_id", String(40), ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("owner", String(80), nullable=False),
    # Whose key it came with, as in the ledger, so that sums of both fit together.
    Column("payer", String(80), nullable=False),
    Column("user_id", String(255)),
    Column("key_id", String(40)),
    Column("team", String(80)),
    Column("rating", String(4), nullable=False),  # up or down
    Column("comment", Text),  # a JSON string
    Column("created_at", BigInteger, nullable=False),
    Index("ix_feedback_created_at", "created_at"),
    Index("ix_feedback_owner", "owner"),
)

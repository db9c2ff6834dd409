"""The tables. Times are milliseconds since 1970 in UTC; ids are made by `app.ids`.

Messages form a tree by `parent_id`: an edit or a second answer is a sibling, nothing is
overwritten. `parts` and `usage` are JSON made by msgspec, kept as text because PostgreSQL's
JSON types refuse U+0000. `seq` is the order of writing.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives a table its fast row id only for the exact type INTEGER.
_Sequence = BigInteger().with_variant(Integer, "sqlite")

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column("title", Text, nullable=False),  # a JSON string
    Column("system", Text),  # a JSON string
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    # Case-folded text of the title, for a search that ignores case in every script.
    Column("folded", Text, nullable=False),
    Index("ix_conversations_owner_updated_at_id", "owner", "updated_at", "id"),
)

messages = Table(
    "messages",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column(
        "conversation_id",
        String(40),
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("parent_id", String(40)),
    Column("role", String(16), nullable=False),
    Column("parts", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # What is known of an answer; null for what a user said.
    Column("run_id", String(40)),
    Column("model", String(200)),
    Column("finish_reason", String(20)),
    Column("error", Text),
    Column("usage", Text),
    # Dollars, exact: a decimal number as text, because SQLite has no decimals.
    Column("cost_usd", String(80)),
    Column("truncated_turns", Integer, nullable=False, server_default="0"),
    Index("ix_messages_conversation_id_seq", "conversation_id", "seq"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column(
        "conversation_id",
        String(40),
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("message_id", String(40), nullable=False),
    Column("model", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    # How the text was cut into events, as a JSON list; what a replay needs besides the message.
    Column("pieces", Text),
    Column("idempotency_key", String(200)),
    Column("fingerprint", String(64)),
    Index("ix_runs_conversation_id", "conversation_id"),
    Index("ix_runs_owner_idempotency_key", "owner", "idempotency_key", unique=True),
)

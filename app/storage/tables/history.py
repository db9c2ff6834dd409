"""What was said, and the runs that made it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, text

from app.storage.tables.base import Sequence, metadata

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
    # Whose answer began it, as name@version; NULL: it is a chat, and listed.
    Column("prompt", String(80)),
    Index(
        "ix_conversations_owner_updated_at_id",
        "owner",
        "updated_at",
        "id",
        sqlite_where=text("prompt IS NULL"),
        postgresql_where=text("prompt IS NULL"),
    ),
    # For what is kept for a time only, whosever it is.
    Index("ix_conversations_updated_at", "updated_at"),
)

messages = Table(
    "messages",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
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
    Column("source", String(16), nullable=False, server_default="model"),
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
    # Whose worker it is; what a process that is gone has left running is found by this.
    Column("process", String(40)),
    Index("ix_runs_conversation_id", "conversation_id"),
    Index(
        "ix_runs_process",
        "process",
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    Index("ix_runs_owner_idempotency_key", "owner", "idempotency_key", unique=True),
)

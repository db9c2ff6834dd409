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
    text,
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
    Index("ix_calls_owner_created_at", "owner", "created_at"),
    Index("ix_calls_created_at", "created_at"),
    Index("ix_calls_run_id", "run_id"),
    Index("ix_calls_lease_until", "lease_until"),
)

"""Keys, budgets, what was spent of them, and the ledger of calls."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "keys",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("shown", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("team", sa.String(80)),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("models", sa.Text),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("requests_per_minute", sa.Integer),
        sa.Column("tokens_per_minute", sa.Integer),
        sa.Column("streams", sa.Integer),
        sa.Column("max_output_tokens", sa.Integer),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("previous_digest", sa.String(64), unique=True),
        sa.Column("previous_until", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
    )
    op.create_index("ix_keys_owner", "keys", ["owner"])
    op.create_table(
        "teams",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("requests_per_minute", sa.Integer),
        sa.Column("tokens_per_minute", sa.Integer),
        sa.Column("streams", sa.Integer),
        sa.Column("max_output_tokens", sa.Integer),
        sa.PrimaryKeyConstraint("name", name="pk_teams"),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secrets"),
    )
    op.create_table(
        "budgets",
        sa.Column("id", sa.String(140), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_budgets"),
    )
    op.create_table(
        "spending",
        sa.Column("budget_id", sa.String(140), nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.Column("held", sa.BigInteger, nullable=False),
        sa.Column("alerted", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("budget_id", "period", name="pk_spending"),
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("key_id", sa.String(40)),
        sa.Column("team", sa.String(80)),
        sa.Column("conversation_id", sa.String(40), nullable=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("provider", sa.String(80), nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("held", sa.BigInteger, nullable=False),
        sa.Column("holds", sa.Text, nullable=False),
        sa.Column("process", sa.String(40)),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("input_tokens", sa.Integer, nullable=False),
        sa.Column("cached_input_tokens", sa.Integer, nullable=False),
        sa.Column("cache_write_tokens", sa.Integer, nullable=False),
        sa.Column("output_tokens", sa.Integer, nullable=False),
        sa.Column("reasoning_tokens", sa.Integer, nullable=False),
        sa.Column("estimated", sa.Integer, nullable=False),
        sa.Column("cost", sa.BigInteger),
        sa.Column("price_version", sa.String(40)),
        sa.Column("finish_reason", sa.String(16)),
        sa.Column("code", sa.String(40)),
        sa.Column("latency_ms", sa.Integer),
        sa.Column("first_token_ms", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
    )
    op.create_index("ix_calls_owner_created_at", "calls", ["owner", "created_at"])
    op.create_index("ix_calls_created_at", "calls", ["created_at"])
    op.create_index("ix_calls_run_id", "calls", ["run_id"])
    op.create_index("ix_calls_lease_until", "calls", ["lease_until"])


def downgrade() -> None:
    op.drop_table("calls")
    op.drop_table("spending")
    op.drop_table("budgets")
    op.drop_table("secrets")
    op.drop_table("teams")
    op.drop_table("keys")

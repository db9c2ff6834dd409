"""Users under a key, and their sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LIMITS = ("requests_per_minute", "tokens_per_minute", "streams", "max_output_tokens")


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("key_id", sa.String(40)),
        sa.Column("key_digest", sa.String(64)),
        sa.Column("user_id", sa.String(255)),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_key_id", "sessions", ["key_id"])
    op.create_index("ix_sessions_ends_at", "sessions", ["ends_at"])
    for name in _LIMITS:
        op.add_column("keys", sa.Column(f"user_{name}", sa.Integer))
    op.add_column("calls", sa.Column("user_id", sa.String(255)))


def downgrade() -> None:
    op.drop_column("calls", "user_id")
    for name in reversed(_LIMITS):
        op.drop_column("keys", f"user_{name}")
    op.drop_table("sessions")

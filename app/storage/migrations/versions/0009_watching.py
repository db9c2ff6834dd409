"""What is watched: figures of past hours."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hours",
        sa.Column("hour", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("cost", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("hour", name="pk_hours"),
    )
    op.create_table(
        "anomalies",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("hour", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("kind", "hour", name="pk_anomalies"),
    )


def downgrade() -> None:
    op.drop_table("anomalies")
    op.drop_table("hours")

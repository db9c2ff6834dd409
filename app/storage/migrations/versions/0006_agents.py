"""What an agent does, and what waits for a person."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_logs",
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("events", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_run_logs"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name="fk_run_logs_run_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "parked",
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_parked"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name="fk_parked_run_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_parked_expires_at", "parked", ["expires_at"])


def downgrade() -> None:
    op.drop_table("parked")
    op.drop_table("run_logs")

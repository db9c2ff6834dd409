"""Which process a run belongs to, for those that are running."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("process", sa.String(40)))
    running = sa.text("state = 'running'")
    op.create_index(
        "ix_runs_process", "runs", ["process"], sqlite_where=running, postgresql_where=running
    )


def downgrade() -> None:
    op.drop_index("ix_runs_process", "runs")
    op.drop_column("runs", "process")

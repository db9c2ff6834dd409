"""Where an answer came from: a model, the cache, or the configuration."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "messages", sa.Column("source", sa.String(16), nullable=False, server_default="model")
    )


def downgrade() -> None:
    op.drop_column("messages", "source")

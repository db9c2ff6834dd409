"""Which prompt a call was made for, and which conversations are a prompt's."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INDEX, _COLUMNS = "ix_conversations_owner_updated_at_id", ["owner", "updated_at", "id"]


def upgrade() -> None:
    op.add_column("calls", sa.Column("prompt", sa.String(80)))
    op.add_column("conversations", sa.Column("prompt", sa.String(80)))
    op.drop_index(_INDEX, "conversations")
    listed = sa.text("prompt IS NULL")
    op.create_index(_INDEX, "conversations", _COLUMNS, sqlite_where=listed, postgresql_where=listed)


def downgrade() -> None:
    op.drop_index(_INDEX, "conversations")
    op.create_index(_INDEX, "conversations", _COLUMNS)
    op.drop_column("conversations", "prompt")
    op.drop_column("calls", "prompt")

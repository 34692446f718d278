"""Work that failed three times, and how often each piece in the outbox has."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Id, UtcTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # The release before writes rows without it.
    op.add_column("outbox", sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "dead_letter",
        sa.Column("id", Id, nullable=False),
        sa.Column("consumer", sa.String(length=32), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("died_at", UtcTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letter")),
    )
    op.create_index("ix_dead_letter_page", "dead_letter", ["died_at", "id"], unique=False)

"""Outgoing webhooks."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Id, UtcTime

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", Id, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failing_since", UtcTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("told_at", UtcTime(), nullable=True),
        sa.CheckConstraint("state IN ('active', 'paused')", name=op.f("ck_webhook_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )

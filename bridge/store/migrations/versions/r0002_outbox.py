"""Work that follows from what was stored, and recordings that have no words."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Id, UtcTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", Id, nullable=False),
        sa.Column("consumer", sa.String(length=32), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("consumer", "topic", "key", name=op.f("uq_outbox_consumer_topic_key")),
    )
    op.create_index("ix_outbox_due", "outbox", ["consumer", "due_at"], unique=False)
    op.create_table(
        "transcript_failure",
        sa.Column("recording_id", Id, nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_transcript_failure_recording_id")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_transcript_failure")),
    )

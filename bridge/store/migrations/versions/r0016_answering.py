"""Conversations as work: who waits, tags, mentions, canned answers."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Id, UtcTime

revision = "0016"
down_revision = "0015"

_IS_WORK = sa.text("state <> 'resolved'")
_IS_UNSEEN = sa.text("seen_at IS NULL")
_TIMES = ("snoozed_until", "waiting_since", "due_at", "answered_at", "escalated_at")


def upgrade() -> None:
    for name in _TIMES:
        op.add_column("conversation", sa.Column(name, UtcTime(), nullable=True))
    op.add_column(
        "conversation", sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.create_index(
        op.f("ix_conversation_work"),
        "conversation",
        ["waiting_since"],
        sqlite_where=_IS_WORK,
        postgresql_where=_IS_WORK,
    )
    op.create_table(
        "conversation_tag",
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_conversation_tag_conversation_id")
        ),
        sa.PrimaryKeyConstraint("conversation_id", "tag", name=op.f("pk_conversation_tag")),
    )
    op.create_index(op.f("ix_conversation_tag_tag"), "conversation_tag", ["tag"])
    op.create_table(
        "mention",
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("agent_id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_mention_agent_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_mention_conversation_id")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["timeline_entry.id"], name=op.f("fk_mention_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "agent_id", name=op.f("pk_mention")),
    )
    op.create_index(
        op.f("ix_mention_unseen"),
        "mention",
        ["agent_id", "conversation_id"],
        sqlite_where=_IS_UNSEEN,
        postgresql_where=_IS_UNSEEN,
    )
    op.create_table(
        "canned_answer",
        sa.Column("id", Id, nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_by", Id, nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["agent.id"], name=op.f("fk_canned_answer_changed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_answer")),
        sa.UniqueConstraint("title", name=op.f("uq_canned_answer_title")),
    )

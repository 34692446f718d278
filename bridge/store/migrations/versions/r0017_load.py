"""The company's calendar, what inboxes say and ask for, and how much each agent takes."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Id, UtcTime

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("changed_by", Id, nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["agent.id"], name=op.f("fk_calendar_changed_by")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_calendar")),
    )
    op.create_table(
        "inbox_rule",
        sa.Column("inbox_id", Id, nullable=False),
        sa.Column("away", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("away_texts", sa.JSON(), nullable=False),
        sa.Column("skill", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_inbox_rule_inbox_id")),
        sa.PrimaryKeyConstraint("inbox_id", name=op.f("pk_inbox_rule")),
    )
    op.add_column("agent", sa.Column("capacity", sa.Integer(), server_default=sa.text("3"), nullable=False))
    for name in ("skills", "languages"):
        op.add_column("agent", sa.Column(name, sa.JSON(), server_default=sa.text("'[]'"), nullable=False))

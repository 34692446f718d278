"""Links by which a customer goes on in another channel."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Id, UtcTime

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "continue_link",
        sa.Column("id", Id, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("thing", sa.String(length=16), nullable=False),
        sa.Column("thing_id", Id, nullable=False),
        sa.Column("made_by", Id, nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.Column("used_by", Id, nullable=True),
        sa.Column("led_to", sa.String(length=16), nullable=True),
        sa.Column("led_to_id", Id, nullable=True),
        sa.CheckConstraint(
            "thing IN ('call', 'conversation', 'matter')", name=op.f("ck_continue_link_thing")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["agent.id"], name=op.f("fk_continue_link_made_by")),
        sa.ForeignKeyConstraint(["used_by"], ["identity.id"], name=op.f("fk_continue_link_used_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_continue_link")),
    )
    op.create_index(op.f("ix_continue_link_token_hash"), "continue_link", ["token_hash"])
    op.create_index(op.f("ix_continue_link_used_by"), "continue_link", ["used_by"])

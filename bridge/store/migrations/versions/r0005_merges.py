"""Customers that are one, those that may be, and where orders go to."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Id, UtcTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "merge",
        sa.Column("id", Id, nullable=False),
        sa.Column("leaf_a", Id, nullable=False),
        sa.Column("leaf_b", Id, nullable=False),
        sa.Column("survivor", Id, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("undone_by", sa.Text()),
        sa.Column("undone_at", UtcTime()),
        sa.CheckConstraint("leaf_a <> leaf_b", name=op.f("ck_merge_ends")),
        sa.ForeignKeyConstraint(["leaf_a"], ["customer.id"], name=op.f("fk_merge_leaf_a")),
        sa.ForeignKeyConstraint(["leaf_b"], ["customer.id"], name=op.f("fk_merge_leaf_b")),
        sa.ForeignKeyConstraint(["survivor"], ["customer.id"], name=op.f("fk_merge_survivor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge")),
    )
    op.create_index(op.f("ix_merge_leaf_a"), "merge", ["leaf_a"], unique=False)
    op.create_index(op.f("ix_merge_leaf_b"), "merge", ["leaf_b"], unique=False)
    _create_suggestion()
    op.create_index(op.f("ix_customer_folded_name"), "customer", ["folded_name"], unique=False)
    op.add_column("shop_order", sa.Column("delivery", sa.JSON()))


def _create_suggestion() -> None:
    op.create_table(
        "suggestion",
        sa.Column("id", Id, nullable=False),
        sa.Column("leaf_low", Id, nullable=False),
        sa.Column("leaf_high", Id, nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("decided_by", Id),
        sa.Column("decided_at", UtcTime()),
        sa.Column("merge_id", Id),
        sa.CheckConstraint("leaf_low < leaf_high", name=op.f("ck_suggestion_order")),
        sa.CheckConstraint("state IN ('open', 'accepted', 'declined')", name=op.f("ck_suggestion_state")),
        sa.ForeignKeyConstraint(["leaf_low"], ["customer.id"], name=op.f("fk_suggestion_leaf_low")),
        sa.ForeignKeyConstraint(["leaf_high"], ["customer.id"], name=op.f("fk_suggestion_leaf_high")),
        sa.ForeignKeyConstraint(["decided_by"], ["agent.id"], name=op.f("fk_suggestion_decided_by")),
        sa.ForeignKeyConstraint(["merge_id"], ["merge.id"], name=op.f("fk_suggestion_merge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestion")),
        sa.UniqueConstraint("leaf_low", "leaf_high", name=op.f("uq_suggestion_leaf_low_leaf_high")),
    )
    op.create_index(op.f("ix_suggestion_leaf_high"), "suggestion", ["leaf_high"], unique=False)
    op.create_index("ix_suggestion_page", "suggestion", ["state", "at", "id"], unique=False)

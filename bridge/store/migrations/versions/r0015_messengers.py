"""What providers tell of our messages: delivered, read; and to what people have said yes or no."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Id, UtcTime

revision = "0015"
down_revision = "0013"

_IS_UNDER_WAY = sa.text("state IN ('accepted', 'sending')")
_HAS_NAME = sa.text("provider_key IS NOT NULL")


def upgrade() -> None:
    # SQLite changes no check of a table that is there: both are made again, since one stands on the other.
    tables = ("delivery", "delivery_event")
    for table in tables:
        op.execute(f"CREATE TABLE old_{table} AS SELECT * FROM {table}")  # noqa: S608 - our own names
    for table in reversed(tables):
        op.drop_table(table)
    _create_delivery()
    _create_delivery_event()
    for table in tables:
        op.execute(f"INSERT INTO {table} SELECT * FROM old_{table}")  # noqa: S608 - our own names
        op.drop_table(f"old_{table}")


def _create_delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", Id, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("provider_key", sa.Text(), nullable=True),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('accepted', 'sending', 'sent', 'delivered', 'read', 'failed', 'unknown')",
            name=op.f("ck_delivery_state"),
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_delivery_conversation_id")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["timeline_entry.id"], name=op.f("fk_delivery_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_delivery_entry_id")),
    )
    op.create_index(
        op.f("ix_delivery_under_way"),
        "delivery",
        ["conversation_id", "id"],
        sqlite_where=_IS_UNDER_WAY,
        postgresql_where=_IS_UNDER_WAY,
    )
    op.create_index(
        op.f("ix_delivery_provider"),
        "delivery",
        ["provider_key"],
        sqlite_where=_HAS_NAME,
        postgresql_where=_HAS_NAME,
    )


def _create_delivery_event() -> None:
    op.create_table(
        "delivery_event",
        sa.Column("id", Id, nullable=False),
        sa.Column("delivery_id", Id, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_event_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_event")),
    )
    op.create_index(op.f("ix_delivery_event_delivery_id"), "delivery_event", ["delivery_id"])

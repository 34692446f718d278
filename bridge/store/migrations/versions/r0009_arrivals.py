"""What arrived from outside, word for word; and who alone does what only one may."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Id, UtcTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "arrival",
        sa.Column("id", Id, nullable=False),
        sa.Column("inbox_id", Id, nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("arrived_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_arrival_inbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
        sa.UniqueConstraint("inbox_id", "source_key", name=op.f("uq_arrival_inbox_id_source_key")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=36), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )

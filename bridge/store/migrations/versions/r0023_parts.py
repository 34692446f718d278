"""What status an agent asks an order to have; the parts of what goes as several messages; pictures inside mails."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Id

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("order_request", sa.Column("status", sa.String(16), nullable=True))
    op.add_column("attachment", sa.Column("cid", sa.Text(), nullable=False, server_default=""))
    op.add_column("delivery", sa.Column("parts", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("delivery", sa.Column("parts_sent", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "delivery_part",
        sa.Column("delivery_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("provider_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_part_delivery_id")),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_delivery_part")),
    )
    named = sa.text("provider_key IS NOT NULL")
    op.create_index(
        "ix_delivery_part_provider",
        "delivery_part",
        ["provider_key"],
        sqlite_where=named,
        postgresql_where=named,
    )

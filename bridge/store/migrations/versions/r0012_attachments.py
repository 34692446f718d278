"""Files that are fetched later, and files to be sent."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Id, UtcTime

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column(
        "attachment", sa.Column("state", sa.String(length=16), server_default="stored", nullable=False)
    )
    op.add_column("attachment", sa.Column("reason", sa.Text(), server_default="", nullable=False))
    op.add_column("attachment", sa.Column("reference", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "upload",
        sa.Column("id", Id, nullable=False),
        sa.Column("agent_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_upload_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )

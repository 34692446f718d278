"""Where a channel that looks for what arrives goes on."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("inbox", sa.Column("cursor", sa.Text(), server_default="", nullable=False))

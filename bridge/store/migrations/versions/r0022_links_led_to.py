"""What a continue-link has led to is looked for, and what of the outbox somebody is at is told from what waits."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_index("ix_continue_link_led_to", "continue_link", ["led_to_id"])
    op.add_column("outbox", sa.Column("taken", sa.Boolean(), nullable=False, server_default=sa.text("false")))

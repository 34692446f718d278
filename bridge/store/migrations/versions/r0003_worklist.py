"""The calls that are work are found without reading all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_IS_WORK = (
    "handled_at IS NULL AND answered_at IS NULL AND direction = 'inbound' AND state = 'ended'"
    " AND outcome <> 'answered'"
)


def upgrade() -> None:
    op.create_index(
        "ix_call_work",
        "call",
        ["caller", "started_at", "id"],
        unique=False,
        sqlite_where=sa.text(_IS_WORK),
        postgresql_where=sa.text(_IS_WORK),
    )

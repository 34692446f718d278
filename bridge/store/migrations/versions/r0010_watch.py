"""Until when each Asterisk was watched."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import UtcTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "watch",
        sa.Column("pbx", sa.String(length=64), nullable=False),
        sa.Column("heard_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", name=op.f("pk_watch")),
    )
    # What was known until now: the last stage of a call. The words of a call come long after the last of it was told.
    op.execute(
        "INSERT INTO watch (pbx, heard_at) SELECT call.pbx, max(call_stage.at) FROM call_stage"
        " JOIN call ON call.id = call_stage.call_id WHERE call_stage.stage <> 'transcript' GROUP BY call.pbx"
    )

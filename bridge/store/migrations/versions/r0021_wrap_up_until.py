"""Until when a wrap-up keeps its agent out of the queues."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import UtcTime

revision = "0021"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("wrap_up", sa.Column("until", UtcTime(), nullable=True))

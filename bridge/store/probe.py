"""Does the database take a write? A real one, that leaves nothing behind."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert

from bridge.store.schema import feed


def take_write(connection: Connection, at: datetime) -> None:
    """Written and taken away again in one transaction, whose commit reaches the disk. Raises Transient when it cannot."""
    values = {"type": "probe", "topic": "nobody", "data": {}, "at": at}
    row_id = connection.execute(insert(feed).values(values).returning(feed.c.id)).scalar_one()
    connection.execute(delete(feed).where(feed.c.id == row_id))

"""Until when each Asterisk was watched: what a starting server measures the gap from (invariant 8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from bridge.store.schema import watch


def save_heard(connection: Connection, pbx: str, at: datetime) -> None:
    """All that this PBX told until `at` is stored."""
    changed = connection.execute(update(watch).where(watch.c.pbx == pbx).values(heard_at=at))
    if not changed.rowcount:
        connection.execute(insert(watch).values(pbx=pbx, heard_at=at))


def find_last_watched(connection: Connection, pbx: str) -> datetime | None:
    """Until when this PBX was watched; None for one that never was."""
    return connection.scalar(select(watch.c.heard_at).where(watch.c.pbx == pbx))

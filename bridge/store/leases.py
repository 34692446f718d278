"""Leases: of several processes that could, one does it, and another when that one is gone.

Taken and renewed in the transaction of what is done under it, or every third of its length by who does it elsewhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bridge.store.schema import lease

_found = select(lease).where(lease.c.name == bindparam("of_name"))
_renew = update(lease).where(lease.c.name == bindparam("of_name"))
_release = delete(lease).where(lease.c.name == bindparam("of_name"), lease.c.holder == bindparam("by"))


def take(connection: Connection, name: str, holder: str, now: datetime, length: timedelta) -> bool:
    """Take or renew it for `length`. False when it is another's."""
    row = connection.execute(_found, {"of_name": name}).one_or_none()
    if row is None:
        connection.execute(insert(lease), {"name": name, "holder": holder, "until": now + length})
        return True
    # One that runs longer than any does was taken before the clock went back.
    if row.holder != holder and now < row.until <= now + length:
        return False
    connection.execute(_renew, {"of_name": name, "holder": holder, "until": now + length})
    return True


def release(connection: Connection, name: str, holder: str) -> None:
    """Let the next one have it at once. One that is another's is left alone."""
    connection.execute(_release, {"of_name": name, "by": holder})

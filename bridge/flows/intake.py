"""What a channel finds by itself is kept like what a webhook brings, together with the place where it goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bridge.store import arrivals, inboxes
from bridge.store.engine import Database
from bridge.store.inboxes import Inbox


class InboxIntake:
    """A `bridge.domain.ports.Intake`. `committed` is called after each commit with something new."""

    def __init__(
        self, db: Database, inbox: Inbox, committed: Callable[[], None], clock: Callable[[], datetime]
    ) -> None:
        self._db = db
        self._inbox = inbox
        self._committed = committed
        self._clock = clock

    async def get_cursor(self) -> str:
        return await self._db.read(inboxes.get_cursor, self._inbox.id)

    async def keep(self, bodies: Sequence[tuple[str, bytes]], cursor: str) -> None:
        if await self._db.write(_keep, self._inbox.id, bodies, cursor, self._clock()):
            self._committed()

    async def report(self, fault: str) -> None:
        await self._db.write(inboxes.set_error, self._inbox.id, fault or None)


def _keep(
    connection: Connection, inbox_id: str, bodies: Sequence[tuple[str, bytes]], cursor: str, at: datetime
) -> bool:
    """Whether any of them is new."""
    new = [arrivals.keep(connection, inbox_id, key, body, at) for key, body in bodies]
    inboxes.set_cursor(connection, inbox_id, cursor)
    return any(new)

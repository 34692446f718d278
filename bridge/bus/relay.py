"""The feed's relay numbers each row of `feed` once, after the commit that wrote it; followers hand them to their desks.

Rows are written in the transaction of their effect, by this process or another; their ids come in the order of
writing, not of committing, so the desks' cursor is a number given here. Of the relays of several processes one numbers,
by a lease; each process with desks follows by plain reads, from the number it has come to. Both are woken by the bus and
look every 200 ms for what it did not tell. What comes within GATHER_SECONDS of the last goes out together: during many
calls a desk is woken 20 times a second, not for each of hundreds of rows.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from bridge.bus.waker import Waker
from bridge.domain.ids import new_id
from bridge.domain.ports import Bus, Subject
from bridge.errors import Transient
from bridge.store import feed, leases
from bridge.store.engine import Database

POLL_SECONDS: Final = 0.2
GATHER_SECONDS: Final = 0.05
KEEP: Final = timedelta(hours=24)
PRUNE_EVERY: Final = timedelta(minutes=10)
PAGE: Final = 500
LEASE: Final = "feed-relay"
LEASE_LENGTH: Final = timedelta(seconds=3)

log = structlog.get_logger()


class FeedRelay:
    """`run` numbers while it has the lease, and waits for it otherwise."""

    def __init__(self, db: Database, bus: Bus, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock
        self._waker = Waker(bus, Subject.FEED)
        self._name = new_id()
        self._pruned_at = clock()

    async def run(self) -> None:
        """Runs until it is cancelled, and leaves the lease to the next one then."""
        try:
            while True:
                found = False
                try:
                    found = await self._relay()
                except Transient as error:
                    log.warning("feed_waits", reason=str(error))
                if found:
                    await asyncio.sleep(GATHER_SECONDS)
                else:
                    await self._waker.wait(POLL_SECONDS)
        finally:
            with contextlib.suppress(Transient):
                await self._db.write(leases.release, LEASE, self._name)

    async def _relay(self) -> bool:
        """Number what there is; whether there was anything, and it was ours to number."""
        # A look is a read; only when there is something does it take the write lock.
        found = await self._db.read(feed.has_unnumbered) and await self._db.write(self._number)
        if found:
            self._bus.tell(Subject.NUMBERED)
        if self._clock() - self._pruned_at > PRUNE_EVERY:
            self._pruned_at = self._clock()
            await self._db.write(feed.prune, self._pruned_at - KEEP)
        return found

    def _number(self, connection: Connection) -> bool:
        is_ours = leases.take(connection, LEASE, self._name, self._clock(), LEASE_LENGTH)
        return is_ours and bool(feed.number_rows(connection))


class FeedFollower:
    """`publish` gets the rows that are numbered after `start`, in the order of their numbers, each row once."""

    def __init__(self, db: Database, bus: Bus, publish: Callable[[Sequence[feed.FeedRow]], None]) -> None:
        self._db = db
        self._publish = publish
        self._waker = Waker(bus, Subject.NUMBERED)
        self._position = 0

    async def start(self) -> None:
        """Before the first desk is served. Raises Transient."""
        _, self._position = await self._db.read(feed.bounds)

    async def run(self) -> None:
        while True:
            try:
                while rows := await self._db.read(feed.read_after, self._position, PAGE):
                    self._position = rows[-1].number
                    self._publish(rows)
            except Transient as error:
                log.warning("feed_waits", reason=str(error))
            await self._waker.wait(POLL_SECONDS)

"""The feed's relay: numbers each row of `feed` once, after the commit that wrote it, and hands it on.

Rows are written in the transaction of their effect, by this process or another; their ids come in the order of
writing, not of committing, so the desks' cursor is a number given here. The relay is woken after our own commits and
looks every 200 ms for those of others. What comes within GATHER_SECONDS of the last goes out together: during many
calls a desk is woken 20 times a second, not for each of hundreds of rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from bridge.errors import Transient
from bridge.store import feed
from bridge.store.engine import Database

POLL_SECONDS: Final = 0.2
GATHER_SECONDS: Final = 0.05
KEEP: Final = timedelta(hours=24)
PRUNE_EVERY: Final = timedelta(minutes=10)

log = structlog.get_logger()


class FeedRelay:
    """`publish` gets the rows in the order of their numbers, each row once."""

    def __init__(
        self,
        db: Database,
        publish: Callable[[Sequence[feed.FeedRow]], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._publish = publish
        self._clock = clock
        self._poked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._pruned_at = clock()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="feed-relay")

    def poke(self) -> None:
        """There is something new. Never blocks."""
        self._poked.set()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            found = False
            try:
                found = await self._relay()
            except Transient as error:
                log.warning("feed_waits", reason=str(error))
            if found:
                await asyncio.sleep(GATHER_SECONDS)
            else:
                await self._wait()

    async def _relay(self) -> bool:
        """Hand on what there is; whether there was anything."""
        # A look is a read; only when there is something does it take the write lock.
        found = await self._db.read(feed.has_unnumbered)
        if found:
            self._publish(await self._db.write(feed.number_rows))
        if self._clock() - self._pruned_at > PRUNE_EVERY:
            self._pruned_at = self._clock()
            await self._db.write(feed.prune, self._pruned_at - KEEP)
        return found

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._poked.wait()
        except TimeoutError:
            return
        finally:
            self._poked.clear()

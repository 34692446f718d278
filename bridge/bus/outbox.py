"""Consumers of the outbox: each takes its group's rows one by one and hands them to the flow that does the work.

The flow deletes the row in the transaction of its effect. A row that is taken is kept from others for 30 s and kept
longer while the flow is at it, so that a consumer that dies costs 30 s and nothing else. Woken by the bus after our own
commits, it looks every 200 ms for the work of processes that are not on it.

What is away (a provider, a disk, the recogniser) is waited for without end, ever longer up to ten minutes: nothing is
wrong with the work. What fails otherwise, or takes its consumer with it, is tried three times and then is a dead
letter, so that it neither holds up the others nor comes back for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog

from bridge.bus.waker import Waker
from bridge.domain.ports import Bus, Subject
from bridge.domain.topic import Group
from bridge.errors import Transient
from bridge.store import dead_letters, outbox
from bridge.store.engine import Database
from bridge.store.outbox import Backlog, Work

POLL_SECONDS: Final = 0.2
KEPT: Final = timedelta(seconds=30)
RENEW_SECONDS: Final = 10.0
COUNT_SECONDS: Final = 1.0
FIRST_WAIT: Final = timedelta(seconds=0.5)
LONGEST_WAIT: Final = timedelta(minutes=10)
TRIES: Final = 3

log = structlog.get_logger()


class OutboxConsumer:
    """`do` does one piece of work and deletes its row; what it raises Transient for is tried again later."""

    def __init__(
        self,
        db: Database,
        bus: Bus,
        group: Group,
        do: Callable[[Work], Awaitable[None]],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._waker = Waker(bus, Subject.WORK)
        self._group = group
        self._do = do
        self._clock = clock
        self._backlog = Backlog(0, None, is_due=False, dead=0)

    async def run(self) -> None:
        """Runs until it is cancelled; what is under way then is given back at once."""
        while True:
            try:
                await self._look()
                while self._backlog.is_due:
                    await self._work_for_a_while()
                    await self._look()
            except Transient as error:
                log.warning("outbox_waits", group=self._group, reason=str(error))
            await self._wait()

    @property
    def waiting(self) -> int:
        """Pieces of work that are not done."""
        return self._backlog.waiting

    @property
    def dead(self) -> int:
        """Pieces that were given up, and that no admin has looked after yet."""
        return self._backlog.dead

    @property
    def waiting_seconds(self) -> float:
        """The age of the oldest of them."""
        oldest = self._backlog.oldest
        return 0.0 if oldest is None else (self._clock() - oldest).total_seconds()

    async def _look(self) -> None:
        """Count what waits, which takes the longer the more it is."""
        # A read: only when something is due does it take the write lock.
        self._backlog = await self._db.read(outbox.measure, self._group, self._clock())

    async def _wait(self) -> None:
        """Until it is time to look. What is told is mostly for other groups: that costs no more than a count a second."""
        clock = asyncio.get_running_loop().time
        until = clock() + COUNT_SECONDS
        with suppress(Transient):  # the look that follows says it
            while await self._waker.wait(POLL_SECONDS) and clock() < until:
                if await self._db.read(outbox.has_due, self._group, self._clock()):
                    return

    async def _work_for_a_while(self) -> None:
        """Until nothing is due, or what waits is to be counted again."""
        clock = asyncio.get_running_loop().time
        until = clock() + COUNT_SECONDS
        while clock() < until:
            now = self._clock()
            work = await self._db.write(outbox.take, self._group, now, now + KEPT)
            if work is None:
                return
            await self._work_at(work)

    async def _work_at(self, work: Work) -> None:
        if work.failures > TRIES:
            await self._bury(work, f"whoever was at it died, {TRIES} times")
            return
        keeping = asyncio.create_task(self._keep(work), name=f"outbox-keep-{self._group}")
        try:
            await self._do(work)
        except asyncio.CancelledError:
            await self._give_back(work, timedelta())
            raise
        except Transient as error:
            log.warning("work_waits", group=self._group, key=work.key, tries=work.tries, reason=str(error))
            await self._give_back(work, wait_after(work.tries))
        except Exception as error:
            # A mistake of ours: said in the log, and no reason to stop all the others.
            log.exception("work_failed", group=self._group, key=work.key, tries=work.tries)
            await self._fail(work, error)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _fail(self, work: Work, error: Exception) -> None:
        if work.failures >= TRIES:
            await self._bury(work, f"{type(error).__name__}: {error}")
        else:
            await self._db.write(outbox.wait, work.id, self._clock() + wait_after(work.failures))

    async def _bury(self, work: Work, reason: str) -> None:
        if await self._db.write(dead_letters.bury, work.id, reason, self._clock()):
            log.error("dead_letter", group=self._group, key=work.key, tries=work.tries)

    async def _keep(self, work: Work) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await self._db.write(outbox.hold, work.id, self._clock() + KEPT)
                await self._look()
            except Transient as error:
                log.warning("outbox_waits", group=self._group, reason=str(error))

    async def _give_back(self, work: Work, after: timedelta) -> None:
        """Others may take it `after` from now; this try is not held against it."""
        await self._db.write(outbox.give_back, work.id, self._clock() + after)


def wait_after(tries: int) -> timedelta:
    """Four times as long after each try: half a second, two, eight, … ten minutes."""
    return min(FIRST_WAIT * float(4 ** (tries - 1)), LONGEST_WAIT)

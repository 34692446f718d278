"""One queue of writes that happen in the order they were put, however long the database is away.

What the PBX tells cannot be asked for again, and a later state must not be overtaken by an earlier one: so a write
that fails for a passing reason is tried again, with everything behind it waiting. One that can never succeed is
logged and left out, for it would hold up all the others for ever.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import Connection

from bridge.errors import Transient
from bridge.store.engine import Database

FIRST_WAIT: Final = 0.05
LONGEST_WAIT: Final = 2.0
BATCH: Final = 64

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Write:
    """One unit of work, and what it is called in the log (a verb and an id)."""

    work: Callable[[Connection], object]
    what: str
    call_id: str


class OrderedWriter:
    """`committed` is called on the loop after each commit, `fence` in each transaction before what is written."""

    def __init__(
        self, db: Database, committed: Callable[[], None], fence: Callable[[Connection], None] | None = None
    ) -> None:
        self._db = db
        self._fence = fence
        self._committed = committed
        self.refusal: str | None = None
        """Why the oldest write is not taken yet."""
        self._queue: deque[Write] = deque()
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._queue)

    def holds(self, call_id: str) -> bool:
        """Whether a write of this call is queued."""
        return any(write.call_id == call_id for write in self._queue)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="ordered-writer")

    def put(self, write: Write) -> None:
        """Never blocks and never raises."""
        self._queue.append(write)
        self._idle.clear()
        self._more.set()

    async def drain(self) -> None:
        """Returns when everything put so far is written."""
        await self._idle.wait()

    async def close(self, within: float = 5.0) -> None:
        """Write what is queued, giving up after `within` seconds: what is left is then said in the log."""
        if self._task is None:
            return
        try:
            async with asyncio.timeout(within):
                await self.drain()
        except TimeoutError:
            log.critical("writes_lost", count=len(self._queue))
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def _run(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._queue:
                # Taken off only after the commit: a close in between still knows what was not written.
                batch = [self._queue[index] for index in range(min(BATCH, len(self._queue)))]
                await self._commit(batch)
                for _ in batch:
                    self._queue.popleft()
                self._committed()
            self._idle.set()

    async def _commit(self, batch: list[Write]) -> None:
        if not await self._attempt(batch):
            for write in batch:
                await self._attempt([write])

    async def _attempt(self, batch: list[Write]) -> bool:
        """All of `batch` in one transaction, waiting for a database that is away. False when it can never succeed."""
        wait = FIRST_WAIT
        while True:
            try:
                await self._db.write(self._run_all, batch)
                self.refusal = None
                return True
            except Transient as error:
                self.refusal = str(error)
                log.warning("write_waits", reason=str(error), queued=len(self._queue))
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
            except Exception:
                if len(batch) == 1:
                    log.exception("write_left_out", what=batch[0].what, call_id=batch[0].call_id)
                return False

    def _run_all(self, connection: Connection, batch: list[Write]) -> None:
        if self._fence is not None:
            self._fence(connection)
        for write in batch:
            write.work(connection)

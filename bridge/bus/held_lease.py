"""A lease held for as long as the process: of several that could, one does it, and another when that one is gone.

One that was stopped for a while does not know that another has taken over: it writes behind `fence`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from bridge.domain.ids import new_id
from bridge.errors import Transient
from bridge.store import leases
from bridge.store.engine import Database

LENGTH: Final = timedelta(seconds=3)
RENEW_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.5

log = structlog.get_logger()


class LeaseLost(Exception):
    """Another process has it: this one must stop at once."""


class HeldLease:
    def __init__(self, db: Database, name: str, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._name = name
        self._clock = clock
        self._holder = new_id()

    async def wait(self) -> None:
        """Returns when it is ours."""
        stands_by = False
        while not await self._take():
            if not stands_by:
                log.info("stands_by", lease=self._name)
            stands_by = True
            await asyncio.sleep(LOOK_SECONDS)
        log.info("lease_taken", lease=self._name)

    async def keep(self) -> None:
        """Renews it until it is cancelled. Raises LeaseLost."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            # While the database is away nobody else can take it either.
            with contextlib.suppress(Transient):
                await self._db.write(self.fence)

    def fence(self, connection: Connection) -> None:
        """Before what may only be written by who has the lease, in its transaction. Raises LeaseLost."""
        if not leases.take(connection, self._name, self._holder, self._clock(), LENGTH):
            raise LeaseLost(f"another process has taken over {self._name}")

    async def release(self) -> None:
        with contextlib.suppress(Transient):
            await self._db.write(leases.release, self._name, self._holder)

    async def _take(self) -> bool:
        try:
            await self._db.write(self.fence)
        except LeaseLost:
            return False
        except Transient as error:
            log.warning("lease_waits", lease=self._name, reason=str(error))
            return False
        return True

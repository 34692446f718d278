"""Keeps a home's Asterisk running: one that dies is started again, with back-off, and it is said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from pbx.asterisk.process import AsteriskProcess
from pbx.errors import PbxError

BACK_OFF_SECONDS: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
HEALTHY_SECONDS: Final = 60.0
"""Who lived this long died for a reason of its own: the back-off begins anew."""

log = structlog.get_logger()


class AsteriskKeeper:
    """`say` tells the person at the terminal, in one English line."""

    def __init__(self, process: AsteriskProcess, say: Callable[[str], None]) -> None:
        self._process = process
        self._say = say
        self._watch: asyncio.Task[None] | None = None
        self.adopted = False
        """Whether it ran before we came."""
        self.restarts = 0

    async def start(self) -> None:
        """Start or adopt it, and keep it from now on. Raises what `AsteriskProcess.start` raises."""
        self.adopted = await self._process.start()
        self._watch = asyncio.create_task(self._keep(), name="asterisk-keeper")

    async def stop(self, *, leave_running: bool = False) -> None:
        """Stop keeping it and, unless it is to go on without us, end it."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        if not leave_running:
            await self._process.stop()

    async def _keep(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            how = await self._process.wait_died()
            failures = 0 if time.monotonic() - began > HEALTHY_SECONDS else failures
            log.error("asterisk_died", how=how)
            self._say(f"Asterisk died ({how}); it is started again")
            while not await self._restarted(BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)]):
                failures += 1
            failures += 1
            self.restarts += 1

    async def _restarted(self, delay: float) -> bool:
        await asyncio.sleep(delay)
        try:
            await self._process.start()
        except PbxError as error:
            log.warning("asterisk_not_started", reason=str(error))
            self._say(f"Asterisk does not start: {error}")
            return False
        return True

"""Keeps agents out of the queues during their wrap-up, and lets them back in even if Asterisk was away meanwhile."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from pbx.errors import Rejected, Transient
from pbx.interface import CallControl

RETRY_SECONDS: Final = 1.0
REASON: Final = "wrap-up"

log = structlog.get_logger()


class PauseAgents:
    """The last wish for an extension is what counts; it is repeated until Asterisk has taken or refused it."""

    def __init__(self, control: CallControl) -> None:
        self._control = control
        self._wishes: dict[str, bool] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def set(self, extension: str, *, paused: bool) -> None:
        self._wishes[extension] = paused
        if extension not in self._tasks:
            self._tasks[extension] = asyncio.create_task(self._fulfil(extension))

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fulfil(self, extension: str) -> None:
        try:
            while (paused := self._wishes.pop(extension, None)) is not None:
                try:
                    await self._control.pause_member(extension, paused=paused, reason=REASON)
                except Rejected as error:
                    # An agent who is in no queue is refused, and has nothing to be kept out of.
                    log.info("pause_refused", extension=extension, paused=paused, reason=str(error))
                except Transient as error:
                    log.info("pause_waits", extension=extension, paused=paused, reason=str(error))
                    self._wishes.setdefault(extension, paused)
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            del self._tasks[extension]

"""Waiting for what is told on the bus, with a look from time to time for what was not told."""

from __future__ import annotations

import asyncio

from bridge.domain.ports import Bus, Subject


class Waker:
    """Remembers that something was told while nobody waited."""

    def __init__(self, bus: Bus, subject: Subject) -> None:
        self._told = asyncio.Event()
        bus.follow(subject, lambda _message: self._told.set())

    async def wait(self, seconds: float) -> bool:
        """True once something was told since the last wait, False when nothing was for `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                return await self._told.wait()
        except TimeoutError:
            return False
        finally:
            self._told.clear()

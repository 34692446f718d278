"""The bus inside one process: it only wakes. What there is to do stands in the outbox."""

from __future__ import annotations

import asyncio

from bridge.domain.topic import Group


class MemoryBus:
    def __init__(self) -> None:
        self._events = {group: asyncio.Event() for group in Group}

    def wake(self) -> None:
        """There may be work for any group. Never blocks."""
        for event in self._events.values():
            event.set()

    async def wait(self, group: Group, seconds: float) -> None:
        """Returns when `group` is woken, or after `seconds`."""
        event = self._events[group]
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        finally:
            event.clear()

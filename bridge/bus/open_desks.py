"""Whether anybody is at a desk, in whatever process: each says every few seconds how many are open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import msgspec

from bridge.domain.ids import new_id
from bridge.domain.ports import Bus, Subject

SAY_SECONDS: Final = 2.0
FORGOTTEN_SECONDS: Final = 7.0


class _Desks(msgspec.Struct, frozen=True):
    process: str
    count: int


class OpenDesks:
    """`count` answers how many desks are open in this process."""

    def __init__(
        self, bus: Bus, count: Callable[[], int], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._bus = bus
        self._count = count
        self._monotonic = monotonic
        self._process = new_id()
        self._elsewhere: dict[str, float] = {}
        """By process, when it last said that it has desks."""
        bus.follow(Subject.OPEN_DESKS, self._take)

    def is_anybody_there(self) -> bool:
        now = self._monotonic()
        return self._count() > 0 or any(now - heard < FORGOTTEN_SECONDS for heard in self._elsewhere.values())

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            said = _Desks(self._process, self._count())
            self._bus.tell(Subject.OPEN_DESKS, msgspec.json.encode(said))
            await asyncio.sleep(SAY_SECONDS)

    def _take(self, message: bytes) -> None:
        said = msgspec.json.decode(message, type=_Desks)
        if said.process == self._process:
            return
        if said.count:
            self._elsewhere[said.process] = self._monotonic()
        else:
            self._elsewhere.pop(said.process, None)

"""Cards of the calls that are up, read before they are asked for.

Who calls is known some milliseconds before a phone rings: the card is read in that time, so that the pop need not wait
for it. One read serves all phones that ring for the call within FRESH_SECONDS; a later ring reads anew, for the
caller may have waited for minutes and written something meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from bridge.domain.card import Card
from bridge.store.card import read_card
from bridge.store.engine import Database

FRESH_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """`card` is what is known without the store; `number` (E.164, with the sub-number `extension` behind it) or
    `customer_id` say whose the rest is.

    `colleague` is the extension at the other end of a call among ourselves; `notes_for` the agent who gets a call that
    others may have written on.
    """

    card: Card
    number: str | None
    customer_id: str | None
    extension: str | None = None
    colleague: str | None = None
    notes_for: str | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    task: asyncio.Task[Card]
    wanted: Wanted
    begun: float


class CardReader:
    """`clock` tells seconds."""

    def __init__(self, db: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._clock = clock
        self._readings: dict[str, _Reading] = {}

    def begin(self, wanted: Wanted) -> asyncio.Task[Card]:
        """The caller is known: read the card now."""
        task = asyncio.create_task(self._read(wanted))
        task.add_done_callback(_look_at_error)
        self._readings[wanted.card.call_id] = _Reading(task, wanted, self._clock())
        return task

    async def get(self, wanted: Wanted) -> Card:
        """The card. Raises what reading it raised, Transient above all; the next `get` then reads anew."""
        call_id = wanted.card.call_id
        reading = self._readings.get(call_id)
        usable = reading is not None and self._is_usable(reading, wanted)
        task = reading.task if reading is not None and usable else self.begin(wanted)
        try:
            card = await asyncio.shield(task)  # others may wait for it as well
        except Exception:
            self.forget(call_id)
            raise
        # The caller joined the queue after they were identified.
        return msgspec.structs.replace(card, queue=wanted.card.queue)

    def forget(self, call_id: str) -> None:
        """The call is over."""
        self._readings.pop(call_id, None)

    async def close(self) -> None:
        tasks = [reading.task for reading in self._readings.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _is_usable(self, reading: _Reading, wanted: Wanted) -> bool:
        same = replace(reading.wanted, card=wanted.card) == wanted
        return same and self._clock() - reading.begun < FRESH_SECONDS

    async def _read(self, wanted: Wanted) -> Card:
        bare = wanted.card
        return await self._db.read(
            read_card,
            call_id=bare.call_id,
            caller=bare.caller,
            dialled=bare.dialled,
            customer_id=wanted.customer_id,
            number=wanted.number,
            extension=wanted.extension,
            queue=bare.queue,
            colleague=wanted.colleague,
            notes_for=wanted.notes_for,
        )


def _look_at_error(task: asyncio.Task[Card]) -> None:
    """One that nobody came to ask for is no news: no phone rang."""
    if not task.cancelled():
        task.exception()

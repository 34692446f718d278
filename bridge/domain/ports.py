"""What the core asks of the outside, as Protocols: who implements them is chosen in `bridge.wiring` alone."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Protocol


class Subject(enum.StrEnum):
    """What is told on the bus."""

    WORK = "work"
    """Rows of the outbox were committed."""
    FEED = "feed"
    """Rows of the feed were committed, and wait for their numbers."""
    NUMBERED = "numbered"
    """Rows of the feed have got their numbers."""
    LIVE = "live"
    """What desks are to be shown now."""
    WATCHERS = "watchers"
    """From those who watch the calls to the processes with desks."""
    DESKS = "desks"
    """From the processes with desks to those who watch the calls."""


class Bus(Protocol):
    """Between the processes of a home: wakes those who wait for work, and carries what is worth something now only.

    Nothing that must not be lost is told on it alone: while the bus is away, those who wait for work look for
    themselves. What one process tells is taken in its order; it may come twice when the bus breaks while it is told.
    """

    def tell(self, subject: Subject, message: bytes = b"") -> None:
        """Hand `message` to whoever follows, here at once and in the other processes soon. Never blocks, never raises."""

    def follow(self, subject: Subject, take: Callable[[bytes], None]) -> None:
        """`take` gets every message from now on, on the loop. It must not block or raise."""

    async def run(self) -> None:
        """Runs until it is cancelled, also while the bus is away: what is told then arrives late."""

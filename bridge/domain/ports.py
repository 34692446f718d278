"""What the core asks of the outside, as Protocols: who implements them is chosen in `bridge.wiring` alone."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from bridge.domain.message import Told


class Subject(enum.StrEnum):
    """What is told on the bus."""

    WORK = "work"
    """Rows of the outbox were committed."""
    FEED = "feed"
    """Rows of the feed were committed, and wait for their numbers."""
    NUMBERED = "numbered"
    """Rows of the feed have got their numbers."""
    PRESENCE = "presence"
    """What desks do in conversations, told to the other desks there."""
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


@dataclass(frozen=True, slots=True)
class Hook:
    """What somebody sent to an inbox and says is the provider's. Names in `headers` are found in any case; `body` is raw."""

    headers: Mapping[str, str]
    body: bytes


class Channel(Protocol):
    """A medium, in the words of its provider. It has no server and no database, and keeps nothing.

    All of them pass tests/contract/test_channels.py.
    """

    @property
    def name(self) -> str:
        """As it stands in /hooks/{channel}/{inbox}, on entries and in the API."""

    def admit(self, hook: Hook, secret: str) -> str:
        """The key of what arrived: the same when the provider sends the same again. `secret` is the inbox's.

        Raises Forbidden where the provider did not sign this body; takes constant time over that. Quick: it runs on the loop.
        """

    def read(self, body: bytes, inbox: str, arrived_at: datetime) -> Sequence[Told]:
        """What an admitted body says; `inbox` is the key of the inbox. Raises InvalidInput. As quick."""


@runtime_checkable
class Sends(Protocol):
    """A channel in which we can answer."""

    async def send(self, token: str, thread: str, text: str) -> str:
        """How the provider names the message that it has taken. `token` is the inbox's.

        Raises RateLimited or Transient where it was not sent for certain, Rejected where it will never be taken,
        AnswerLost where nobody knows. Gives up by itself within 30 s.
        """

    async def close(self) -> None:
        """End what is open."""


@runtime_checkable
class Begins(Protocol):
    """A channel in which we may write first."""

    def thread_with(self, address: str) -> str | None:
        """The talk with whoever has this address (an identity of the channel's name), None where it cannot be begun."""

"""What the core asks of the outside, as Protocols: who implements them is chosen in `bridge.wiring` alone."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from bridge.domain.message import OutboundMessage, Template, Told
from bridge.domain.order import BuyerAddresses, OrderRequest, OrderUpdate


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
    TYPING = "typing"
    """An agent is writing in a conversation."""
    OPEN_DESKS = "open_desks"
    """How many desks are open in a process."""


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

    async def send(self, token: str, message: OutboundMessage) -> str:
        """How the provider names the message that it has taken. `token` is the inbox's.

        Raises RateLimited or Transient where it was not sent for certain, Rejected where it will never be taken (or has
        something that the channel cannot send), AnswerLost where nobody knows. Gives up by itself within 30 s.
        """

    async def close(self) -> None:
        """End what is open."""


class First(enum.Enum):
    """To whom a channel lets us write first."""

    ANYBODY = "anybody"
    WHO_HAS_WRITTEN = "who_has_written"
    """To the very inbox: no provider brings a first word of ours to others."""
    WHO_HAS_SIGNED_IN = "who_has_signed_in"
    """Of the others nobody knows whether they come back."""


@runtime_checkable
class OneFileEach(Protocol):
    """A channel whose messages carry one file each: what has more is given to it in parts (`bridge.domain.message.parts_of`)."""

    one_file_each: bool


@runtime_checkable
class Begins(Protocol):
    """A channel in which we may write first."""

    @property
    def first(self) -> First: ...

    def thread_with(self, address: str) -> str | None:
        """The talk with whoever has this address (an identity of the channel's name), None where it cannot be begun."""


@runtime_checkable
class FetchesFiles(Protocol):
    """A channel whose messages bring files by reference."""

    async def fetch_file(self, token: str, reference: str) -> bytes:
        """The file of an `InboundFile.reference`, at most `bridge.domain.files.LARGEST` bytes. `token` is the inbox's.

        Raises RateLimited or Transient where it may be had later, Rejected where it never will. Gives up by itself.
        """


@runtime_checkable
class Introduces(Protocol):
    """A channel whose provider says whose a token is."""

    async def introduce(self, token: str) -> str:
        """What customers write to, such as the bot's name. Raises Transient; Rejected where the token is worth nothing."""


@runtime_checkable
class Continues(Protocol):
    """A channel that a link can open, so that the customer's first message there brings a token along."""

    def invite(self, address: str, token: str, begin: str) -> str:
        """A URL for a message to `address`, the inbox's, with `token` in it. `begin` is what a text may begin with, in the
        customer's language. `read` gives the token back as the message's `link`.
        """


@runtime_checkable
class Challenges(Protocol):
    """A channel whose provider asks, before it sends anything, whether the inbox is really there."""

    def challenge(self, query: Mapping[str, str], token: str) -> str:
        """What to answer to a question with this query; `token` is what was agreed on. Raises Forbidden. As quick as `admit`."""


@runtime_checkable
class TakesOrders(Protocol):
    """A channel whose provider orders what agents ask for."""

    async def place(self, secret: str, request: OrderRequest, buyer: BuyerAddresses) -> OrderUpdate:
        """What the order is then. Asked again for the same request it is the same order; `secret` is the inbox's.

        Raises what `Sends.send` raises, and InvalidInput for an answer that is no order. Gives up by itself within 30 s.
        """


@runtime_checkable
class Polls(Protocol):
    """A channel whose provider may be asked for its news, where it cannot reach us."""

    async def poll(self, token: str, after: str) -> Sequence[tuple[str, bytes]]:
        """What is new since the body of the key `after` ("": all that waits), in its order: key and body of each. Waits for
        news for some time.

        Telling that `after` is known lets the provider forget it. Raises what `Sends.send` raises.
        """


@runtime_checkable
class Windows(Protocol):
    """A channel in which we may write freely only for a while after the customer has: then by a template, which it has."""

    @property
    def window(self) -> timedelta:
        """How long after their last message."""

    async def list_templates(self, token: str, inbox: str) -> list[Template]:
        """Those that may be sent from the inbox of this key. Raises what `Sends.send` raises."""


class Intake(Protocol):
    """Where a channel puts what it finds by itself, for one inbox."""

    async def get_cursor(self) -> str:
        """What was given to the last `keep`, "" at first."""

    async def keep(self, bodies: Sequence[tuple[str, bytes]], cursor: str) -> None:
        """Bodies with the keys that they have whenever they are found, durable when it returns, once for each key.

        `cursor` is where to go on, in the channel's own words. Raises Transient.
        """

    async def report(self, fault: str) -> None:
        """What is wrong with the inbox now, "" when all is well."""


@runtime_checkable
class Listens(Protocol):
    """A channel that looks for what arrives, and needs no webhook."""

    @property
    def name(self) -> str:
        """As of `Channel`."""

    @property
    def inboxes(self) -> Sequence[str]:
        """The keys of the inboxes that it listens to."""

    async def listen(self, inbox: str, token: str, intake: Intake) -> None:
        """Runs until it is cancelled, also while the provider is away. `token` is the inbox's."""


@runtime_checkable
class ReadsSlowly(Protocol):
    """A channel whose `read` may take longer than a loop can wait: it runs in another process, where the channel is sent."""

    reads_slowly: bool


class CodeSender(Protocol):
    """Writes to an e-mail address to find out whether somebody reads it."""

    async def send_code(self, address: str, code: str, language: str) -> None:
        """Send a one-time code. Raises Transient, Rejected. Gives up by itself within 30 s."""

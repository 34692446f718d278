"""The only door between the PBX and what stands above it: values that cross it, and three Protocols.

Nothing here imports a framework. All times are aware UTC datetimes. All values are immutable: a
changed `Call` is a new `Call`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol


class NumberKind(enum.StrEnum):
    """What a string that stands where a number should be turned out to be."""

    E164 = "e164"
    EXTENSION = "extension"
    SHORT_CODE = "short_code"
    ANONYMOUS = "anonymous"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A parsed number. `e164` is set only for a valid public number, and only that may identify anybody.

    `extension` is the sub-number behind a switchboard ("доб. 12", "ext. 5", "(12)"), or the internal
    extension itself when `kind` is EXTENSION. `raw` is what was given, cut to 64 characters.
    """

    kind: NumberKind
    raw: str
    e164: str | None = None
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class CallerCard:
    """What the directory answers to AGI at ring time.

    `display_name` is what the agent's phone shows: useful first, at most 40 characters, no control
    characters, never the bare number (None means: show the number). `priority` is Asterisk's
    QUEUE_PRIO, 0 to 10.
    """

    customer_id: str | None = None
    display_name: str | None = None
    language: str | None = None
    vip: bool = False
    priority: int = 0


class CallerDirectory(Protocol):
    """Answers who is calling. Called in a pool thread of the AGI process; may block, may be abandoned at 250 ms."""

    def find_card(self, number: PhoneNumber, dialled: str) -> CallerCard | None:
        """The card of the owner of `number`, or None when nobody is known. `dialled` is the DID in E.164."""
        ...


TEST_CALLER: Final = "test"
"""The `caller` of a test call: internal, from nobody."""


class LegState(enum.StrEnum):
    CREATED = "created"
    RINGING = "ringing"
    UP = "up"
    ENDED = "ended"


class LegRole(enum.StrEnum):
    """CALLER is the leg that opened the call, AGENT a leg to or from an endpoint of ours, OTHER the rest (Local, trunk out)."""

    CALLER = "caller"
    AGENT = "agent"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Leg:
    """One Asterisk channel, for life in the Call where its Uniqueid was first seen.

    `channel` is Asterisk's channel name; `endpoint` its PJSIP endpoint ("agent-101", "trunk-loopback"),
    None for Local and other technologies; `extension` is "101" for "agent-101". `dialled_by` is the
    Uniqueid of the leg that dialled this one. An agent's leg is `answered_at` when it took the call (not
    when its phone went off-hook a moment too late) and `withdrawn_at` when it stopped ringing for nothing,
    never both. `cause` is the hang-up cause (Q.850); before the end it is set when the far end hung up.
    """

    uniqueid: str
    channel: str
    role: LegRole
    state: LegState
    created_at: datetime
    endpoint: str | None = None
    extension: str | None = None
    dialled_by: str | None = None
    invited_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    withdrawn_at: datetime | None = None
    ended_at: datetime | None = None
    bridge: str | None = None
    cause: int | None = None


class Direction(enum.StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Outcome(enum.StrEnum):
    """A call's technical result. ANSWERED: a person of ours spoke. ABANDONED: the caller gave up first.

    UNKNOWN: it ended while nobody watched (invariant 8).
    """

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    ABANDONED = "abandoned"
    VOICEMAIL = "voicemail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Call:
    """The legs that one arrival (or one agent's dialling) set in motion, keyed by (pbx, linkedid).

    `linkedid` is the first leg's Linkedid. `caller` is the caller's number as Asterisk had it and
    `dialled` the number or extension that was dialled first, both raw: `pbx.number` parses them.
    `customer_id` is what the AGI handler's card said, if it said anything. `joined_to` is the
    Linkedid of the Call that this one was joined to by a transfer. `guests` are agents who speak in this
    Call on a leg of another one: the leg's Uniqueid and their extension.
    """

    pbx: str
    linkedid: str
    direction: Direction
    caller: str
    dialled: str
    started_at: datetime
    legs: Mapping[str, Leg] = field(default_factory=lambda: MappingProxyType({}))
    guests: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    customer_id: str | None = None
    queue: str | None = None
    identified_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    joined_to: str | None = None
    recording: str | None = None
    voicemail: bool = False


@dataclass(frozen=True, slots=True)
class CallEvent:
    """Something that happened to one Call. `at` is Asterisk's time of it."""

    pbx: str
    linkedid: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CallStarted(CallEvent):
    """A new Call; the stage INVITE."""


@dataclass(frozen=True, slots=True)
class CallerIdentified(CallEvent):
    """The AGI handler has answered (also when it found nobody: then `customer_id` is None)."""

    customer_id: str | None = None


@dataclass(frozen=True, slots=True)
class AgentInvited(CallEvent):
    """The pre-dial handler of an agent's leg ran: its INVITE leaves now. The screen-pop's trigger."""

    leg: str
    extension: str


@dataclass(frozen=True, slots=True)
class AgentRinging(CallEvent):
    """The agent's phone said 180."""

    leg: str
    extension: str


class WithdrawReason(enum.StrEnum):
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    CALLER_GAVE_UP = "caller_gave_up"
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AgentWithdrawn(CallEvent):
    """An agent's leg stopped ringing without being answered: its pop is withdrawn."""

    leg: str
    extension: str
    reason: WithdrawReason


@dataclass(frozen=True, slots=True)
class AgentAnswered(CallEvent):
    """An agent took the call. May happen more than once in a call (transfer).

    `leg` is one of another Call where they came by an attended transfer, a pick-up or from a parking place.
    """

    leg: str
    extension: str


@dataclass(frozen=True, slots=True)
class AgentLeft(CallEvent):
    """An agent who had taken, or made, the call is gone from it: that agent's wrap-up begins."""

    leg: str
    extension: str


@dataclass(frozen=True, slots=True)
class CallJoined(CallEvent):
    """Two Calls came together in one bridge (attended transfer): this one goes on in `into`."""

    into: str


@dataclass(frozen=True, slots=True)
class RecordingStarted(CallEvent):
    """Recording began. `name` is relative to the recordings folder, without "-caller.wav" / "-agent.wav"."""

    name: str


@dataclass(frozen=True, slots=True)
class VoicemailLeft(CallEvent):
    """The caller left a message. `name` is the message's file relative to the voicemail spool, without extension."""

    box: str
    name: str


@dataclass(frozen=True, slots=True)
class CallEnded(CallEvent):
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class WatchGap:
    """Nobody watched this PBX between the two times: entries in between may be missing (invariant 8).

    `calls` are the Linkedids of those that were up at its begin or at its end.
    """

    pbx: str
    since: datetime
    until: datetime
    calls: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WaitingCaller:
    """The leg of a caller who waits in a queue, since when."""

    leg: str
    since: datetime


@dataclass(frozen=True, slots=True)
class QueueMember:
    """An agent's presence in a queue. `reason` is why they are paused, empty where nobody said."""

    extension: str
    paused: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class QueueLook:
    """A queue at one moment; `waiting` in the order in which they are answered."""

    name: str
    waiting: tuple[WaitingCaller, ...] = ()
    members: tuple[QueueMember, ...] = ()


class CallSink(Protocol):
    """Takes the calls' history, in order. No method may block or raise: implementations queue."""

    def accept(self, call: Call, events: Sequence[CallEvent]) -> None:
        """`call` is the state after `events`, which may be none."""
        ...

    def accept_gap(self, gap: WatchGap) -> None: ...

    def accept_unwatched(self, call: Call, events: Sequence[CallEvent]) -> None:
        """A call that came and went within a gap, as the PBX recorded it. It may have been told before, at the gap's begin."""
        ...

    def accept_heard(self, pbx: str, at: datetime) -> None:
        """All that happened on this PBX until `at` has been told. Comes every few seconds, also when nothing happens."""
        ...


class CallControl(Protocol):
    """What the layer above may ask of the PBX.

    Raises `pbx.errors.Rejected` when Asterisk refuses and `pbx.errors.Transient` when it is not there.
    """

    async def pause_member(self, extension: str, *, paused: bool, reason: str = "") -> None:
        """Take an agent out of, or back into, the distribution of every queue they are a member of."""
        ...

    async def send_text(self, extension: str, text: str) -> None:
        """A SIP MESSAGE (RFC 3428) of several lines to the phone of this extension; whether it shows it is not told."""
        ...

    async def ring_for_test(self, extension: str) -> None:
        """Ring this extension's phone once, from TEST_CALLER. It is asked once: no answer may mean that it rings."""
        ...

    async def list_queues(self) -> tuple[QueueLook, ...]:
        """Every queue as it is now, by name."""
        ...

    async def find_registered(self) -> frozenset[str]:
        """Extensions whose phone is registered now."""
        ...

"""AMI events made into typed facts: with `snapshot`, the only place that knows Asterisk's header names.

A `Fact` is one thing that Asterisk said about one leg, with Asterisk's time of it. What it means for a
call is the business of `pbx.call`.

Source: "AMI Events" of the Asterisk 22 documentation, and the recordings in tests/fixtures/ami.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from pbx.interface import LegState
from pbx.variables import (
    EVENT_IDENTIFIED,
    EVENT_INVITE,
    EVENT_RECORDING,
    EVENT_VOICEMAIL,
)


class Headers(Protocol):
    """One event's headers."""

    def get(self, name: str, default: str, /) -> str: ...


NORMAL_CLEARING: Final = 16
"""Q.850's cause of a call that somebody simply ended."""


@dataclass(frozen=True, slots=True)
class Fact:
    """`uniqueid` is the leg that it is about."""

    at: datetime
    uniqueid: str


@dataclass(frozen=True, slots=True)
class LegCreated(Fact):
    """`caller` is what the leg calls itself ('' for an anonymous one), `dialled` the extension it dialled."""

    linkedid: str
    channel: str
    caller: str = ""
    dialled: str = ""


@dataclass(frozen=True, slots=True)
class LegRinging(Fact):
    pass


@dataclass(frozen=True, slots=True)
class LegUp(Fact):
    pass


@dataclass(frozen=True, slots=True)
class HangupRequested(Fact):
    """The far end of the leg hung up or refused; LegHungUp follows."""

    cause: int


@dataclass(frozen=True, slots=True)
class LegHungUp(Fact):
    """`cause` is Q.850's, 0 when Asterisk names none, None when the leg ended while nobody watched."""

    cause: int | None


@dataclass(frozen=True, slots=True)
class DialBegan(Fact):
    """The leg was dialled by the leg `dialler`."""

    dialler: str


@dataclass(frozen=True, slots=True)
class DialEnded(Fact):
    """How dialling the leg ended: ANSWER, BUSY, CANCEL, CHANUNAVAIL, CONGESTION, NOANSWER. Asterisk repeats it."""

    dialler: str
    status: str


@dataclass(frozen=True, slots=True)
class BridgeEntered(Fact):
    """`linkedid` is the leg's Linkedid now: it changes when two calls come together."""

    bridge: str
    linkedid: str


@dataclass(frozen=True, slots=True)
class BridgeLeft(Fact):
    bridge: str


@dataclass(frozen=True, slots=True)
class Transferred(Fact):
    """An attended transfer: the leg speaks with `target` from now on.

    In the first milliseconds of a consultation Asterisk names no target, for it has not joined the two yet: the leg takes
    the place of `transferer`, who dialled the target, and enters no bridge by its own name (`DestType: App`).
    """

    target: str
    transferer: str


@dataclass(frozen=True, slots=True)
class QueueJoined(Fact):
    queue: str


@dataclass(frozen=True, slots=True)
class Identified(Fact):
    customer_id: str | None


@dataclass(frozen=True, slots=True)
class Invited(Fact):
    """The pre-dial handler ran on this leg: its INVITE leaves now."""


@dataclass(frozen=True, slots=True)
class DigitPressed(Fact):
    """One key of the telephone, 0 to 9, * or #, on the leg of whoever pressed it."""

    digit: str


@dataclass(frozen=True, slots=True)
class RecordingBegan(Fact):
    name: str


@dataclass(frozen=True, slots=True)
class MessageLeft(Fact):
    box: str
    name: str


def read_fact(message: Headers) -> Fact | None:
    """The fact that an AMI event states, or None when it is none of ours."""
    reader = _READERS.get(message.get("Event", ""))
    if reader is None:
        return None
    at = _read_time(message)
    fact = reader(message, at)
    return fact if fact is not None and fact.uniqueid else None


def _read_time(message: Headers) -> datetime:
    stamp = message.get("Timestamp", "")  # there with timestampevents=yes
    return datetime.fromtimestamp(float(stamp), UTC) if stamp else datetime.now(UTC)


def shown(value: str) -> str:
    """A number as Asterisk shows it, '' where it has none."""
    return "" if value == "<unknown>" else value


def _number(message: Headers, name: str, default: int) -> int:
    text = message.get(name, "")
    return int(text) if text.isdecimal() else default


def _uniqueid(message: Headers) -> str:
    return message.get("Uniqueid", "")


def _read_created(message: Headers, at: datetime) -> LegCreated:
    return LegCreated(
        at,
        _uniqueid(message),
        linkedid=message.get("Linkedid", ""),
        channel=message.get("Channel", ""),
        caller=shown(message.get("CallerIDNum", "")),
        dialled=shown(message.get("Exten", "")),
    )


def _read_state(message: Headers, at: datetime) -> Fact | None:
    match LEG_STATES.get(message.get("ChannelState", "")):
        case LegState.RINGING:
            return LegRinging(at, _uniqueid(message))
        case LegState.UP:
            return LegUp(at, _uniqueid(message))
        case _:
            return None


def _read_dial_ended(message: Headers, at: datetime) -> DialEnded:
    leg, dialler = message.get("DestUniqueid", ""), _uniqueid(message)
    return DialEnded(at, leg, dialler=dialler, status=message.get("DialStatus", ""))


def _read_transfer(message: Headers, at: datetime) -> Transferred | None:
    if message.get("Result", "") != "Success":
        return None
    return Transferred(
        at,
        message.get("TransfereeUniqueid", ""),
        target=message.get("TransferTargetUniqueid", ""),
        transferer=message.get("SecondTransfererUniqueid", ""),
    )


def _read_digit(message: Headers, at: datetime) -> DigitPressed | None:
    # Bridged, each digit is told of the other leg as well, to which it is sent.
    if message.get("Direction", "") != "Received":
        return None
    return DigitPressed(at, _uniqueid(message), digit=message.get("Digit", ""))


def _read_user_event(message: Headers, at: datetime) -> Fact | None:
    leg = _uniqueid(message)
    match message.get("UserEvent", ""):
        case name if name == EVENT_IDENTIFIED:
            return Identified(at, leg, customer_id=message.get("Customer", "") or None)
        case name if name == EVENT_INVITE:
            return Invited(at, leg)
        case name if name == EVENT_RECORDING:
            return _read_recording(message.get("Name", ""), leg, at)
        case name if name == EVENT_VOICEMAIL:
            return MessageLeft(at, leg, box=message.get("Box", ""), name=message.get("Name", ""))
        case _:
            return None


def _read_recording(name: str, leg: str, at: datetime) -> RecordingBegan:
    # Whoever picked the call up says so on a leg of their own; the name ends with the leg that is recorded.
    return RecordingBegan(at, name.rpartition("/")[2] or leg, name=name)


# The numbers of enum ast_channel_state, include/asterisk/channelstate.h.
LEG_STATES: Final = {"5": LegState.RINGING, "6": LegState.UP}

_READERS: Final[dict[str, Callable[[Headers, datetime], Fact | None]]] = {
    "Newchannel": _read_created,
    "Newstate": _read_state,
    "HangupRequest": lambda m, at: HangupRequested(at, _uniqueid(m), _number(m, "Cause", NORMAL_CLEARING)),
    "Hangup": lambda m, at: LegHungUp(at, _uniqueid(m), _number(m, "Cause", 0)),
    "DialBegin": lambda m, at: DialBegan(at, m.get("DestUniqueid", ""), dialler=_uniqueid(m)),
    "DialEnd": _read_dial_ended,
    "BridgeEnter": lambda m, at: BridgeEntered(
        at, _uniqueid(m), bridge=m.get("BridgeUniqueid", ""), linkedid=m.get("Linkedid", "")
    ),
    "BridgeLeave": lambda m, at: BridgeLeft(at, _uniqueid(m), bridge=m.get("BridgeUniqueid", "")),
    "AttendedTransfer": _read_transfer,
    "QueueCallerJoin": lambda m, at: QueueJoined(at, _uniqueid(m), queue=m.get("Queue", "")),
    "DTMFEnd": _read_digit,
    "UserEvent": _read_user_event,
}

EVENTS: Final = frozenset(_READERS)
"""The events that are read here, for manager.conf's eventfilter and for the filter in front of the parser."""

"""AMI messages made into typed facts: the only place that knows Asterisk's event and header names.

A `Fact` is one thing that Asterisk said about one leg, with Asterisk's time of it. What it means for a
call is the business of `pbx.call`. A `Snapshot` is what it answers when asked which legs live now.

Source: "AMI Events" and "AMI Actions" of the Asterisk 22 documentation, and the recordings in
tests/fixtures/ami.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pbx.interface import LegState
from pbx.variables import (
    CUSTOMER,
    EVENT_IDENTIFIED,
    EVENT_INVITE,
    EVENT_RECORDING,
    EVENT_VOICEMAIL,
    IDENTIFIED,
)

Headers = Mapping[str, str | list[str]]
"""One AMI message. A name that occurs twice in it holds a list."""

NORMAL_CLEARING: Final = 16
"""Q.850's cause of a call that somebody simply ended."""

SNAPSHOT_VARIABLES: Final = f"{IDENTIFIED},{CUSTOMER}"
"""What the action Status is asked to tell of each leg besides its state."""


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
class QueueJoined(Fact):
    queue: str


@dataclass(frozen=True, slots=True)
class Identified(Fact):
    customer_id: str | None


@dataclass(frozen=True, slots=True)
class Invited(Fact):
    """The pre-dial handler ran on this leg: its INVITE leaves now."""


@dataclass(frozen=True, slots=True)
class RecordingBegan(Fact):
    name: str


@dataclass(frozen=True, slots=True)
class MessageLeft(Fact):
    box: str
    name: str


@dataclass(frozen=True, slots=True)
class LiveLeg:
    """One leg of a snapshot. `identified` is what the directory answered, where it was asked."""

    created: LegCreated
    state: LegState
    bridge: str | None
    identified: Identified | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every leg that lived at `at`; a leg that is not in it is gone."""

    at: datetime
    legs: tuple[LiveLeg, ...]


def read_fact(message: Headers) -> Fact | None:
    """The fact that an AMI event states, or None when it is none of ours."""
    reader = _READERS.get(_header(message, "Event"))
    if reader is None:
        return None
    at = _read_time(message)
    fact = reader(message, at)
    return fact if fact is not None and fact.uniqueid else None


def read_snapshot(messages: Iterable[Headers], at: datetime) -> Snapshot:
    """What the action Status, asked for `SNAPSHOT_VARIABLES`, answered at `at`."""
    legs = (_read_live_leg(message, at) for message in messages if _header(message, "Event") == "Status")
    return Snapshot(at, tuple(legs))


def read_registered(messages: Iterable[Headers]) -> frozenset[str]:
    """The PJSIP endpoints that have a usable contact, by the answer to DeviceStateList."""
    devices = {
        _header(m, "Device"): _header(m, "State")
        for m in messages
        if _header(m, "Event") == "DeviceStateChange"
    }
    away = ("UNAVAILABLE", "INVALID", "UNKNOWN")
    return frozenset(
        device.removeprefix("PJSIP/")
        for device, state in devices.items()
        if device.startswith("PJSIP/") and state not in away
    )


def _read_time(message: Headers) -> datetime:
    stamp = _header(message, "Timestamp")  # there with timestampevents=yes
    return datetime.fromtimestamp(float(stamp), UTC) if stamp else datetime.now(UTC)


def _header(message: Headers, name: str) -> str:
    value = message.get(name, "")
    return value[0] if isinstance(value, list) else value


def _text(message: Headers, name: str) -> str:
    value = _header(message, name)
    return "" if value == "<unknown>" else value


def _number(message: Headers, name: str, default: int) -> int:
    text = _header(message, name)
    return int(text) if text.isdecimal() else default


def _uniqueid(message: Headers) -> str:
    return _header(message, "Uniqueid")


def _read_created(message: Headers, at: datetime) -> LegCreated:
    return LegCreated(
        at,
        _uniqueid(message),
        linkedid=_header(message, "Linkedid"),
        channel=_header(message, "Channel"),
        caller=_text(message, "CallerIDNum"),
        dialled=_text(message, "Exten"),
    )


def _read_state(message: Headers, at: datetime) -> Fact | None:
    match _LEG_STATES.get(_header(message, "ChannelState")):
        case LegState.RINGING:
            return LegRinging(at, _uniqueid(message))
        case LegState.UP:
            return LegUp(at, _uniqueid(message))
        case _:
            return None


def _read_dial_ended(message: Headers, at: datetime) -> DialEnded:
    leg, dialler = _header(message, "DestUniqueid"), _uniqueid(message)
    return DialEnded(at, leg, dialler=dialler, status=_header(message, "DialStatus"))


def _read_user_event(message: Headers, at: datetime) -> Fact | None:
    leg = _uniqueid(message)
    match _header(message, "UserEvent"):
        case name if name == EVENT_IDENTIFIED:
            return Identified(at, leg, customer_id=_header(message, "Customer") or None)
        case name if name == EVENT_INVITE:
            return Invited(at, leg)
        case name if name == EVENT_RECORDING:
            return RecordingBegan(at, leg, name=_header(message, "Name"))
        case name if name == EVENT_VOICEMAIL:
            return MessageLeft(at, leg, box=_header(message, "Box"), name=_header(message, "Name"))
        case _:
            return None


def _read_live_leg(message: Headers, at: datetime) -> LiveLeg:
    began = at - timedelta(seconds=_number(message, "Seconds", 0))
    created = LegCreated(
        began,
        _uniqueid(message),
        linkedid=_header(message, "Linkedid"),
        channel=_header(message, "Channel"),
        caller=_text(message, "CallerIDNum"),
        # Exten is where the dialplan is by now; DNID stays what was dialled.
        dialled=_text(message, "DNID") or _text(message, "Exten"),
    )
    variables = _read_variables(message)
    known = Identified(at, created.uniqueid, customer_id=variables.get(CUSTOMER) or None)
    return LiveLeg(
        created,
        state=_LEG_STATES.get(_header(message, "ChannelState"), LegState.CREATED),
        bridge=_header(message, "BridgeID") or None,
        identified=known if variables.get(IDENTIFIED) == "1" else None,
    )


def _read_variables(message: Headers) -> dict[str, str]:
    given = message.get("Variable", [])
    lines = [given] if isinstance(given, str) else given
    pairs = (line.partition("=") for line in lines)
    return {name: value for name, _, value in pairs if value != "(null)"}  # unset


# The numbers of enum ast_channel_state, include/asterisk/channelstate.h.
_LEG_STATES: Final = {"5": LegState.RINGING, "6": LegState.UP}

_READERS: Final[dict[str, Callable[[Headers, datetime], Fact | None]]] = {
    "Newchannel": _read_created,
    "Newstate": _read_state,
    "HangupRequest": lambda m, at: HangupRequested(at, _uniqueid(m), _number(m, "Cause", NORMAL_CLEARING)),
    "Hangup": lambda m, at: LegHungUp(at, _uniqueid(m), _number(m, "Cause", 0)),
    "DialBegin": lambda m, at: DialBegan(at, _header(m, "DestUniqueid"), dialler=_uniqueid(m)),
    "DialEnd": _read_dial_ended,
    "BridgeEnter": lambda m, at: BridgeEntered(
        at, _uniqueid(m), bridge=_header(m, "BridgeUniqueid"), linkedid=_header(m, "Linkedid")
    ),
    "BridgeLeave": lambda m, at: BridgeLeft(at, _uniqueid(m), bridge=_header(m, "BridgeUniqueid")),
    "QueueCallerJoin": lambda m, at: QueueJoined(at, _uniqueid(m), queue=_header(m, "Queue")),
    "UserEvent": _read_user_event,
}

EVENTS: Final = frozenset(_READERS)
"""The events that are read here, for manager.conf's eventfilter and for the filter in front of the parser."""

"""What Asterisk answers when asked which legs live now, which phones are there, and who waits in the queues.

Source: the actions Status, DeviceStateList and QueueStatus of the Asterisk 22 documentation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pbx.ami.facts import LEG_STATES, Identified, LegCreated, shown
from pbx.interface import LegState, QueueLook, QueueMember, WaitingCaller
from pbx.variables import AGENT_ENDPOINT_PREFIX, CUSTOMER, IDENTIFIED, QUEUE

Item = Mapping[str, str | list[str]]
"""One message of an answer. A name that occurs twice in it holds a list."""

SNAPSHOT_VARIABLES: Final = f"{IDENTIFIED},{CUSTOMER},{QUEUE}"
"""What the action Status is asked to tell of each leg besides its state."""


@dataclass(frozen=True, slots=True)
class LiveLeg:
    """One leg of a snapshot. `identified` is what the directory answered, if it was asked; `queue` where it was last sent to."""

    created: LegCreated
    state: LegState
    bridge: str | None
    identified: Identified | None
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every leg that lived at `at`; a leg that is not in it is gone."""

    at: datetime
    legs: tuple[LiveLeg, ...]


def read_snapshot(items: Iterable[Item], at: datetime) -> Snapshot:
    """What the action Status, asked for `SNAPSHOT_VARIABLES`, answered at `at`."""
    legs = (_read_live_leg(item, at) for item in items if item.get("Event") == "Status")
    return Snapshot(at, tuple(legs))


def read_registered(items: Iterable[Item]) -> frozenset[str]:
    """The PJSIP endpoints that have a usable contact, by the answer to DeviceStateList."""
    away = ("UNAVAILABLE", "INVALID", "UNKNOWN")
    devices = (_value(item, "Device") for item in items if _value(item, "State") not in away)
    return frozenset(device.removeprefix("PJSIP/") for device in devices if device.startswith("PJSIP/"))


def read_queues(items: Iterable[Item], at: datetime) -> tuple[QueueLook, ...]:
    """Every queue by name, as the action QueueStatus answered at `at`."""
    callers: defaultdict[str, list[tuple[int, WaitingCaller]]] = defaultdict(list)
    members: defaultdict[str, list[QueueMember]] = defaultdict(list)
    for item in items:
        queue = _value(item, "Queue")
        match _value(item, "Event"):
            case "QueueParams":
                members[queue] += ()  # one without members is there too
            case "QueueEntry":
                since = at - timedelta(seconds=_number(item, "Wait"))
                callers[queue].append(
                    (_number(item, "Position"), WaitingCaller(_value(item, "Uniqueid"), since))
                )
            case "QueueMember":
                members[queue].append(_read_member(item))
    return tuple(
        QueueLook(
            name,
            tuple(caller for _, caller in sorted(callers[name], key=lambda placed: placed[0])),
            tuple(sorted(members[name], key=lambda member: member.extension)),
        )
        for name in sorted(members)
    )


def _read_member(item: Item) -> QueueMember:
    endpoint = _value(item, "Location").removeprefix("PJSIP/")
    return QueueMember(
        endpoint.removeprefix(AGENT_ENDPOINT_PREFIX),
        paused=_value(item, "Paused") == "1",
        reason=_value(item, "PausedReason"),
    )


def _number(item: Item, name: str) -> int:
    text = _value(item, name)
    return int(text) if text.isdecimal() else 0


def _value(item: Item, name: str) -> str:
    value = item.get(name, "")
    return value[0] if isinstance(value, list) else value


def _read_live_leg(item: Item, at: datetime) -> LiveLeg:
    created = LegCreated(
        at - timedelta(seconds=_number(item, "Seconds")),
        _value(item, "Uniqueid"),
        linkedid=_value(item, "Linkedid"),
        channel=_value(item, "Channel"),
        caller=shown(_value(item, "CallerIDNum")),
        # Exten is where the dialplan is by now; DNID stays what was dialled.
        dialled=shown(_value(item, "DNID")) or shown(_value(item, "Exten")),
    )
    variables = _read_variables(item)
    known = Identified(at, created.uniqueid, customer_id=variables.get(CUSTOMER) or None)
    return LiveLeg(
        created,
        state=LEG_STATES.get(_value(item, "ChannelState"), LegState.CREATED),
        bridge=_value(item, "BridgeID") or None,
        identified=known if variables.get(IDENTIFIED) == "1" else None,
        queue=variables.get(QUEUE) or None,
    )


def _read_variables(item: Item) -> dict[str, str]:
    given = item.get("Variable", [])
    lines = [given] if isinstance(given, str) else given
    pairs = (line.partition("=") for line in lines)
    return {name: value for name, _, value in pairs if value != "(null)"}  # unset

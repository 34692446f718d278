"""What Asterisk answers when asked which legs live now, and which phones are there.

Source: the actions Status and DeviceStateList of the Asterisk 22 documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pbx.ami.facts import LEG_STATES, Identified, LegCreated, shown
from pbx.interface import LegState
from pbx.variables import CUSTOMER, IDENTIFIED, RECORDING

Item = Mapping[str, str | list[str]]
"""One message of an answer. A name that occurs twice in it holds a list."""

SNAPSHOT_VARIABLES: Final = f"{IDENTIFIED},{CUSTOMER},{RECORDING}"
"""What the action Status is asked to tell of each leg besides its state."""


@dataclass(frozen=True, slots=True)
class LiveLeg:
    """One leg of a snapshot. `identified` is what the directory answered, where it was asked.

    `recording` is the name of what the call is recorded to while somebody speaks, '' where it is not.
    """

    created: LegCreated
    state: LegState
    bridge: str | None
    identified: Identified | None
    recording: str = ""


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


def _value(item: Item, name: str) -> str:
    value = item.get(name, "")
    return value[0] if isinstance(value, list) else value


def _read_live_leg(item: Item, at: datetime) -> LiveLeg:
    seconds = _value(item, "Seconds")
    created = LegCreated(
        at - timedelta(seconds=int(seconds) if seconds.isdecimal() else 0),
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
        recording=variables.get(RECORDING, ""),
    )


def _read_variables(item: Item) -> dict[str, str]:
    given = item.get("Variable", [])
    lines = [given] if isinstance(given, str) else given
    pairs = (line.partition("=") for line in lines)
    return {name: value for name, _, value in pairs if value != "(null)"}  # unset

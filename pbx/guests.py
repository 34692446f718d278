"""Agents who speak in a Call without having a leg of their own in it: its guests.

A leg belongs for life to the Call in which it was first seen. So whoever takes over a caller by an attended
transfer, picks up what rings elsewhere or fetches somebody who was parked speaks on a leg of another Call. What
tells is the bridge, or the transfer where a leg comes into a bridge in another's place, without a BridgeEnter:
Asterisk changes a leg's Linkedid before, at or after its BridgeEnter, or not at all (seen with 22.10,
tests/fixtures/ami). Pure, as `pbx.call` is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from pbx.interface import AgentAnswered, AgentLeft, Call, CallEvent, CallJoined, Direction, Leg

Told = tuple[Call, list[CallEvent]]


def hosts(call: Call, leg: Leg) -> bool:
    """Whether an agent who shares a bridge with this leg of `call` speaks in that call: the leg is the customer's."""
    return call.direction is not Direction.INTERNAL and leg.extension is None


def welcome(call: Call, uniqueid: str, extension: str, at: datetime) -> Told:
    """The agent of another Call's leg begins to speak in this one."""
    if uniqueid in call.guests or uniqueid in call.legs:
        return call, []
    guests: Mapping[str, str] = MappingProxyType({**call.guests, uniqueid: extension})
    call = replace(call, guests=guests, answered_at=call.answered_at or at)
    return call, [AgentAnswered(call.pbx, call.linkedid, at, leg=uniqueid, extension=extension)]


def dismiss(call: Call, uniqueids: Iterable[str], at: datetime) -> Told:
    """These guests are gone, or there is nobody left to speak with."""
    leaving = {each: call.guests[each] for each in uniqueids if each in call.guests}
    if not leaving:
        return call, []
    staying = {each: extension for each, extension in call.guests.items() if each not in leaving}
    call = replace(call, guests=MappingProxyType(staying))
    return call, [
        AgentLeft(call.pbx, call.linkedid, at, leg=uniqueid, extension=extension)
        for uniqueid, extension in leaving.items()
    ]


def join(call: Call, into: Call, at: datetime) -> Told:
    """The agent's own call goes on in the customer's, unless the two were joined the other way round."""
    if call.joined_to or into.joined_to == call.linkedid:
        return call, []
    call = replace(call, joined_to=into.linkedid)
    return call, [CallJoined(call.pbx, call.linkedid, at, into=into.linkedid)]

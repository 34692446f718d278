"""Who has a conversation before them: two agents in one see each other. Nothing of it is stored, or kept for long anywhere.

A desk says every few seconds what it does; that goes over the bus to the desks that have the same conversation before them,
in whatever process, and they forget whom they have not heard of for a while.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import datetime

import msgspec

from bridge.domain.ids import new_id
from bridge.domain.live import AgentTyping, LiveMessage
from bridge.domain.ports import Bus, Subject
from bridge.domain.times import iso
from bridge.flows.telephony import OpenDesk


class Doing(enum.StrEnum):
    VIEWING = "viewing"
    TYPING = "typing"
    GONE = "gone"


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """What one open desk does in a conversation. `desk` tells two windows of one agent apart."""

    desk: str
    agent_id: str
    name: str
    conversation_id: str
    doing: Doing


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Presence).decode


class PresenceBoard:
    """The desks of this process, by what they have before them."""

    def __init__(self, bus: Bus, clock: Callable[[], datetime]) -> None:
        self._bus = bus
        self._clock = clock
        self._there: dict[OpenDesk, Presence] = {}
        bus.follow(Subject.PRESENCE, self._show)

    def hear(self, desk: OpenDesk, conversation_id: str, doing: Doing) -> None:
        """What the desk says of itself; it is in one conversation at a time."""
        before = self._there.get(desk)
        if before is not None and before.conversation_id != conversation_id:
            self.part(desk)
        now = Presence(
            desk=before.desk if before is not None else new_id(),
            agent_id=desk.agent.id,
            name=desk.agent.name,
            conversation_id=conversation_id,
            doing=doing,
        )
        if doing is Doing.GONE:
            self._there.pop(desk, None)
        else:
            self._there[desk] = now
        self._bus.tell(Subject.PRESENCE, _encode(now))
        if doing is Doing.TYPING:
            # The customer may see it as well, where their channel can show it.
            self._bus.tell(Subject.TYPING, _encode(AgentTyping(conversation_id, desk.agent.name)))

    def part(self, desk: OpenDesk) -> None:
        """The desk is gone, or goes elsewhere."""
        before = self._there.pop(desk, None)
        if before is not None:
            gone = msgspec.structs.replace(before, doing=Doing.GONE)
            self._bus.tell(Subject.PRESENCE, _encode(gone))

    def _show(self, message: bytes) -> None:
        told = _decode(message)
        said = LiveMessage(type="presence", id=new_id(), at=iso(self._clock()), data=told)
        for desk, its in self._there.items():
            if its.conversation_id == told.conversation_id and its.desk != told.desk:
                desk.say(said)

"""The screen-pop: when an agent's phone is about to ring, the caller's card goes to that agent's open desks.

Runs beside the writer and waits for no write: a ring shows within milliseconds also while the database is busy. The
card is read as soon as the caller is identified, which is before a phone rings.
Holds who rings now, for desks that connect meanwhile and for /ringing. When the store does not answer, the pop
goes out with the number alone, and again under the same id as soon as the card can be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
import structlog

from bridge.domain.card import Card, ScreenPop
from bridge.domain.ids import new_id
from bridge.domain.live import Emit, LiveMessage, topic_of_agent
from bridge.domain.question import with_question
from bridge.domain.times import iso
from bridge.errors import Transient
from bridge.flows.card_reader import CardReader, Wanted
from bridge.flows.roster import Roster
from bridge.flows.track_call import Change
from bridge.store.engine import Database
from pbx.interface import (
    AgentAnswered,
    AgentInvited,
    AgentRinging,
    AgentWithdrawn,
    CallEnded,
    CallerIdentified,
    WithdrawReason,
)

CARD_PATIENCE: Final = 0.25
"""Seconds that a pop waits for its card before it goes out with the number alone."""
RETRY_SECONDS: Final = 0.5

RecordStage = Callable[[ScreenPop, str, datetime, float], None]
"""(pop, stage, at, seconds since the INVITE): keep that a pop was sent or shown."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Ring:
    """`pop` carries the card once it is known; `wanted` is what it is read by.

    `ready`: it may be shown; `sent`: a desk was given it; `shown`: and said so. Kept until the call is over: an
    answered one is still being looked at.
    """

    pop: ScreenPop
    wanted: Wanted
    agent_id: str | None
    invited_at: datetime
    language: str
    ready: bool = False
    sent: bool = False
    shown: bool = False
    answered: bool = False
    withdrawn: bool = False


class PopScreen:
    """One ring of one phone is one pop, and so is taking a call over."""

    def __init__(
        self,
        db: Database,
        emit: Emit,
        roster: Roster,
        record_stage: RecordStage,
        clock: Callable[[], datetime],
        show_on_phone: Callable[[ScreenPop], None],
    ) -> None:
        """`show_on_phone` is told of each ring once, as soon as its card is known."""
        self._cards = CardReader(db)
        self._emit = emit
        self._roster = roster
        self._record_stage = record_stage
        self._clock = clock
        self._show_on_phone = show_on_phone
        # By call and leg: an agent's leg may come to speak in another call than the one that rang it.
        self._rings: dict[tuple[str, str], _Ring] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def follow(self, change: Change) -> None:
        for event in change.events:
            key = (change.call_id, getattr(event, "leg", ""))
            match event:
                case CallerIdentified():
                    self._cards.begin(_wanted(change))
                # A dial that no pre-dial handler announced, as when a parked call comes back, is seen when it rings;
                # who took the call over from elsewhere never was rung by it.
                case AgentInvited() | AgentRinging() | AgentAnswered() if key not in self._rings:
                    self._begin(change, event)
                case AgentAnswered():
                    self._rings[key].answered = True
                case AgentWithdrawn():
                    self._withdraw(key, event.reason)
                case CallEnded():
                    self._cards.forget(change.call_id)
                    for each in [each for each in self._rings if each[0] == change.call_id]:
                        self._withdraw(each, WithdrawReason.UNKNOWN)

    def list_ringing(self, extension: str) -> list[ScreenPop]:
        """What rings at this extension now, oldest first."""
        rings = self._rings.values()
        return [ring.pop for ring in rings if ring.pop.extension == extension and not ring.answered]

    def greet(self, agent_id: str) -> list[LiveMessage]:
        """What a desk of this agent that has just connected should show."""
        mine = [ring for ring in self._rings.values() if ring.agent_id == agent_id]
        rings = [ring for ring in mine if ring.ready and not ring.answered]
        for ring in rings:
            self._note_sent(ring)
        return [self._message(ring.pop) for ring in rings]

    def take_shown(self, pop_id: str, agent_id: str) -> None:
        """A desk of this agent has painted the pop. Others' pops and those that are gone are ignored."""
        for ring in self._rings.values():
            if ring.pop.id == pop_id and ring.agent_id == agent_id and not ring.shown:
                ring.shown = True
                self._keep_stage(ring, "pop_shown")

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._cards.close()

    def _begin(self, change: Change, event: AgentInvited | AgentRinging | AgentAnswered) -> None:
        agent = self._roster.find_at(event.extension)
        # Somebody has had the call already, and may have written on it.
        taken = change.call.answered_at is not None
        wanted = _wanted(change, notes_for=agent.id if agent and taken else None)
        pop = ScreenPop(
            id=new_id(),
            call_id=change.call_id,
            extension=event.extension,
            leg=event.leg,
            card=wanted.card,
        )
        ring = _Ring(
            pop,
            wanted,
            agent.id if agent else None,
            event.at,
            agent.language if agent else "en",
            answered=isinstance(event, AgentAnswered),
        )
        self._rings[change.call_id, event.leg] = ring
        task = asyncio.create_task(self._show(ring))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _show(self, ring: _Ring) -> None:
        reading = asyncio.ensure_future(self._read_card(ring))
        await asyncio.wait([reading], timeout=CARD_PATIENCE)
        if not reading.done():
            self._send(ring)
        card = await reading
        if card is not None:
            ring.pop = msgspec.structs.replace(ring.pop, card=with_question(card, ring.language))
            self._show_on_phone(ring.pop)
        if card is not None or not ring.ready:
            self._send(ring)

    async def _read_card(self, ring: _Ring) -> Card | None:
        """The card, however long the store takes; None when it cannot be had, or has stopped ringing meanwhile."""
        call_id = ring.pop.call_id
        while True:
            try:
                return await self._cards.get(ring.wanted)
            except Transient as error:
                log.warning("card_waits", call_id=call_id, reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                # A mistake of ours must not take the number off the agent's screen as well.
                log.exception("card_failed", call_id=call_id)
                return None
            if ring.answered or ring.withdrawn:
                return None

    def _send(self, ring: _Ring) -> None:
        # One that was answered in the very moment is shown all the same: now the agent needs it.
        if ring.withdrawn:
            return
        ring.ready = True
        if ring.agent_id is not None and self._emit(
            (topic_of_agent(ring.agent_id),), self._message(ring.pop)
        ):
            self._note_sent(ring)

    def _note_sent(self, ring: _Ring) -> None:
        if not ring.sent:
            ring.sent = True
            self._keep_stage(ring, "pop_sent")

    def _keep_stage(self, ring: _Ring, stage: str) -> None:
        now = self._clock()
        self._record_stage(ring.pop, stage, now, (now - ring.invited_at).total_seconds())

    def _message(self, pop: ScreenPop) -> LiveMessage:
        return LiveMessage(type="screen_pop", id=pop.id, at=iso(self._clock()), data=pop)

    def _withdraw(self, key: tuple[str, str], reason: WithdrawReason) -> None:
        """The ring is over; a desk that shows it takes it off, unless it was answered there."""
        ring = self._rings.pop(key, None)
        if ring is None:
            return
        ring.withdrawn = True
        if ring.agent_id is None or ring.answered or not ring.sent:
            return
        data = {"pop_id": ring.pop.id, "call_id": ring.pop.call_id, "reason": reason.value}
        message = LiveMessage(type="screen_pop_withdrawn", id=new_id(), at=iso(self._clock()), data=data)
        self._emit((topic_of_agent(ring.agent_id),), message)


def _wanted(change: Change, notes_for: str | None = None) -> Wanted:
    parties, call = change.parties, change.call
    card = Card(
        call_id=change.call_id,
        caller=parties.caller,
        dialled=parties.dialled,
        customer=None,
        queue=call.queue,
    )
    return Wanted(
        card,
        parties.customer_number,
        call.customer_id,
        parties.customer_extension,
        parties.colleague,
        notes_for,
    )

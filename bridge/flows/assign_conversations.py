"""Conversations that are nobody's go to agents at their desks, as they have room. One process at a time decides.

Whoever is on the phone, rings or wraps up takes none, unless that very customer comes by their link. What is overdue with an
agent who is not there goes to another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from bridge.domain.agent import Agent, AgentState
from bridge.domain.ids import new_id
from bridge.domain.routing import OnDuty, route
from bridge.errors import Transient
from bridge.flows.keep_conversation import give
from bridge.flows.telephony import AgentLook
from bridge.store import agents, duties, leases
from bridge.store.engine import Database

AT_ONCE: Final = 200
LEASE: Final = "assigner"
LEASE_LENGTH: Final = timedelta(seconds=10)
LOOK_SECONDS: Final = 1.0
_ON_PHONE: Final = frozenset({AgentState.RINGING, AgentState.IN_CALL, AgentState.WRAP_UP})

log = structlog.get_logger()


def assign_conversations(
    connection: Connection, looks: Mapping[str, AgentLook], holder: str, now: datetime
) -> int:
    """Give what there is room for, by what each agent (by id) does now; how much. Nothing while another process decides."""
    if not leases.take(connection, LEASE, holder, now, LEASE_LENGTH):
        return 0
    loads = duties.count_loads(connection, now)
    calls = {agent_id: look.call_id for agent_id, look in looks.items() if look.call_id is not None}
    callers = duties.find_callers(connection, list(calls.values()))
    here = [
        OnDuty(
            id=duty.agent_id,
            capacity=duty.capacity,
            load=loads.get(duty.agent_id, 0),
            on_phone=looks[duty.agent_id].state in _ON_PHONE,
            speaks_with=callers.get(calls.get(duty.agent_id, "")),
            skills=frozenset(duty.skills),
            languages=frozenset(duty.languages),
        )
        for duty in duties.list_duties(connection)
        if duty.agent_id in looks and looks[duty.agent_id].at_desk and duty.capacity > 0
    ]
    given = route(duties.list_unattended(connection, _away(looks), AT_ONCE), here)
    for each in given:
        give(connection, each.conversation_id, each.agent_id, now)
        log.info("conversation_given", conversation_id=each.conversation_id, agent_id=each.agent_id)
    return len(given)


def _away(looks: Mapping[str, AgentLook]) -> frozenset[str]:
    return frozenset(agent_id for agent_id, look in looks.items() if not look.at_desk)


class AssignConversations:
    """`look_at` says what agents do; `committed` is called after each commit."""

    def __init__(
        self,
        db: Database,
        look_at: Callable[[Sequence[Agent]], Awaitable[dict[str, AgentLook]]],
        committed: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._look_at = look_at
        self._committed = committed
        self._clock = clock
        self._holder = new_id()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            try:
                await self.decide()
            except Transient as error:
                log.warning("assigning_waits", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def decide(self) -> int:
        """Give what can be given now; how much. Raises Transient."""
        people = await self._db.read(agents.list_agents)
        everybody = frozenset(agent.id for agent in people)
        # Mostly there is nothing to give: then nobody is asked, and no lock taken.
        if not await self._db.read(duties.list_unattended, everybody, 1):
            return 0
        looks = await self._look_at(people)
        if not any(look.at_desk for look in looks.values()):
            return 0
        given = await self._db.write(assign_conversations, looks, self._holder, self._clock())
        if given:
            self._committed()
        return given

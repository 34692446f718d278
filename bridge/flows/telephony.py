"""What the desk asks of, and tells, those who watch the calls: in this process or in others, which the desk need not know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from bridge.domain.agent import Agent, AgentState
from bridge.domain.card import ScreenPop
from bridge.domain.live import LiveMessage
from bridge.flows.call_sink import CallFlow
from bridge.flows.pop_tokens import PopTicket
from pbx.interface import QueueLook


class AgentLook(msgspec.Struct, frozen=True):
    """What an agent is doing and in which call, and whether their phone is registered."""

    state: AgentState = AgentState.OFFLINE
    call_id: str | None = None
    registered: bool = False


class WatchVitals(msgspec.Struct, frozen=True, kw_only=True):
    """How the watching of the calls goes: see `bridge.domain.health.Vitals`. `missing`: a line for each part that is not well."""

    asterisk: str = ""
    ami_lag_ms: float | None = None
    waiting_news: int = 0
    waiting_writes: int = 0
    calls_open: int = 0
    missing: dict[str, str] = {}


@dataclass(frozen=True, slots=True, eq=False)
class OpenDesk:
    """One connected browser. `say` is given what it should know first, and never blocks; `hello` comes before that again."""

    agent: Agent
    say: Callable[[LiveMessage], None]
    hello: Callable[[], None]


class Telephony(Protocol):
    """What must be answered raises Transient where nobody watches the calls; what is only told is lost then."""

    def open_desk(self, desk: OpenDesk) -> None:
        """It is said what rings now and what its agent does: at once, or soon, but before what happens after."""

    def close_desk(self, desk: OpenDesk) -> None: ...

    def take_shown(self, pop_id: str, agent_id: str) -> None:
        """A desk of this agent has painted the pop."""

    def end_wrap_up(self, agent: Agent, call_id: str) -> None:
        """The agent has finished with the call and may be rung again."""

    async def settle(self, call_id: str) -> None:
        """Returns when what is known of this call is in the store, after a second in any case. Raises nothing."""

    async def ring_for_test(self, agent: Agent) -> None:
        """Ring this agent's phone. Raises Conflict where Asterisk refuses, Transient where it is not known whether it rings."""

    async def list_ringing(self, extension: str) -> list[ScreenPop]:
        """What rings at this extension now, oldest first."""
        ...

    async def find_ticket(self, token: str) -> PopTicket | None:
        """None for a token that was guessed, and for one whose leg is gone."""
        ...

    async def look_at(self, agents: Sequence[Agent]) -> dict[str, AgentLook]:
        """What each of them is doing, by id."""
        ...

    async def list_queues(self) -> Sequence[QueueLook]:
        """Every queue as Asterisk has it now, by name."""
        ...

    async def read_vitals(self) -> WatchVitals: ...


class HereTelephony:
    """Implements `Telephony` where the calls are watched. `vitals` answers what it is asked for."""

    def __init__(self, calls: CallFlow, vitals: Callable[[], Awaitable[WatchVitals]]) -> None:
        self._calls = calls
        self._vitals = vitals

    def open_desk(self, desk: OpenDesk) -> None:
        self._calls.states.open_desk(desk.agent)
        for message in self._calls.pops.greet(desk.agent.id):
            desk.say(message)
        desk.say(self._calls.states.message(desk.agent))

    def close_desk(self, desk: OpenDesk) -> None:
        self._calls.states.close_desk(desk.agent)

    def take_shown(self, pop_id: str, agent_id: str) -> None:
        self._calls.pops.take_shown(pop_id, agent_id)

    def end_wrap_up(self, agent: Agent, call_id: str) -> None:
        self._calls.states.end_wrap_up(agent.id, call_id)

    async def settle(self, call_id: str) -> None:
        await self._calls.settle(call_id)

    async def ring_for_test(self, agent: Agent) -> None:
        await self._calls.ring_for_test(agent)

    async def list_ringing(self, extension: str) -> list[ScreenPop]:
        return self._calls.pops.list_ringing(extension)

    async def find_ticket(self, token: str) -> PopTicket | None:
        return self._calls.tokens.find(token)

    async def look_at(self, agents: Sequence[Agent]) -> dict[str, AgentLook]:
        states = self._calls.states
        return {agent.id: AgentLook(*states.get(agent), states.has_phone(agent)) for agent in agents}

    async def list_queues(self) -> Sequence[QueueLook]:
        return await self._calls.list_queues()

    async def read_vitals(self) -> WatchVitals:
        return await self._vitals()

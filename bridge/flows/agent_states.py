"""What each agent is doing, worked out from the open calls, the wrap-ups, the registered phones and the open desks.

After a restart it follows from the open calls and wrap-ups again. An agent with an open desk is kept out
of the queues from hang-up until the wrap-up is done, or the time for it is over.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bridge.domain.agent import Agent, AgentState, Role
from bridge.domain.ids import new_id
from bridge.domain.live import Emit, LiveMessage, topic_of_agent, topic_of_role
from bridge.domain.times import iso
from bridge.flows.legs import rings, talks
from bridge.flows.pause_agents import PauseAgents
from bridge.flows.roster import Roster
from pbx.interface import Call

log = structlog.get_logger()

Doing = tuple[AgentState, str | None]
"""The state and the call it is about."""


class AgentStates:
    """`wrap_up_seconds` is the longest that an agent is kept out of the queues after hang-up."""

    def __init__(
        self,
        emit: Emit,
        roster: Roster,
        pauses: PauseAgents,
        wrap_up_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._emit = emit
        self._roster = roster
        self._pauses = pauses
        self._wrap_up_seconds = wrap_up_seconds
        self._clock = clock
        # By open call, what each extension does in it; and the same by extension.
        self._in_calls: dict[str, dict[str, AgentState]] = {}
        self._at: dict[str, dict[str, AgentState]] = {}
        self._desks: Counter[str] = Counter()
        self._registered: frozenset[str] = frozenset()
        self._wrap_ups: dict[str, tuple[str, asyncio.TimerHandle]] = {}
        # (agent, call) whose wrap-up was done before the call was over.
        self._done_early: set[tuple[str, str]] = set()
        self._told: dict[str, Doing] = {}

    def follow(self, call_id: str, call: Call) -> None:
        """A call has changed: those whose phones it concerns may do something else now."""
        before = self._in_calls.pop(call_id, {})
        now = _states_in(call)
        if call.ended_at is not None:
            self._done_early = {done for done in self._done_early if done[1] != call_id}
        if now:
            self._in_calls[call_id] = now
        for extension in before.keys() | now.keys():
            at = self._at.setdefault(extension, {})
            if extension in now:
                at[call_id] = now[extension]
            else:
                at.pop(call_id, None)
            self._tell(self._roster.find_at(extension))

    def set_registered(self, extensions: frozenset[str]) -> None:
        """Extensions whose phone is registered now."""
        changed = self._registered ^ extensions
        self._registered = extensions
        for extension in changed:
            self._tell(self._roster.find_at(extension))

    def has_phone(self, agent: Agent) -> bool:
        """Whether this agent's phone was registered at the last look."""
        return agent.extension in self._registered

    def open_desk(self, agent: Agent) -> None:
        self._roster.learn(agent)
        self._desks[agent.id] += 1
        self._tell(agent)

    def close_desk(self, agent: Agent) -> None:
        self._desks[agent.id] -= 1
        self._tell(agent)

    def begin_wrap_up(self, extension: str, call_id: str) -> datetime | None:
        """After hang-up: until when the agent is kept out of the queues. One without an open desk has nothing to wrap up with
        and goes straight on.
        """
        agent = self._roster.find_at(extension)
        if agent is None or not self._desks[agent.id] or (agent.id, call_id) in self._done_early:
            return None
        self._wrap_up(agent, call_id, self._wrap_up_seconds)
        self._pauses.set(extension, paused=True)
        return self._clock() + timedelta(seconds=self._wrap_up_seconds)

    def resume_wrap_up(self, agent_id: str, call_id: str, until: datetime) -> None:
        """One that was under way when we stopped. `repair_pauses` is to follow."""
        agent = self._roster.find(agent_id)
        if agent is not None:
            self._wrap_up(agent, call_id, (until - self._clock()).total_seconds())

    def end_wrap_up(self, agent_id: str, call_id: str) -> None:
        """Done, or out of time. That of an earlier call changes nothing."""
        if call_id in self._in_calls:
            self._done_early.add((agent_id, call_id))
        if self._wrap_ups.get(agent_id, ("", None))[0] != call_id:
            return
        self._drop_timer(agent_id)
        agent = self._roster.find(agent_id)
        if agent is not None and agent.extension is not None:
            self._pauses.set(agent.extension, paused=False)
        self._tell(agent)

    def get(self, agent: Agent) -> Doing:
        calls = self._at.get(agent.extension or "", {})
        for state in (AgentState.IN_CALL, AgentState.RINGING):
            # The newest call, when there are several.
            for call_id in reversed(calls):
                if calls[call_id] is state:
                    return state, call_id
        if agent.id in self._wrap_ups:
            return AgentState.WRAP_UP, self._wrap_ups[agent.id][0]
        present = self._desks[agent.id] > 0 or agent.extension in self._registered
        return (AgentState.AVAILABLE if present else AgentState.OFFLINE), None

    def repair_pauses(self) -> None:
        """Asterisk may have started anew and forgotten whom we paused, or remember whom we let back in meanwhile."""
        for agent in self._roster.everyone():
            if agent.extension is not None:
                self._pauses.set(agent.extension, paused=agent.id in self._wrap_ups)

    def message(self, agent: Agent) -> LiveMessage:
        state, call_id = self.get(agent)
        data = {"agent_id": agent.id, "extension": agent.extension, "state": state.value, "call_id": call_id}
        return LiveMessage(type="agent_state", id=new_id(), at=iso(self._clock()), data=data)

    def close(self) -> None:
        for agent_id in list(self._wrap_ups):
            self._drop_timer(agent_id)

    def _wrap_up(self, agent: Agent, call_id: str, seconds: float) -> None:
        self._drop_timer(agent.id)
        timer = asyncio.get_running_loop().call_later(seconds, self.end_wrap_up, agent.id, call_id)
        self._wrap_ups[agent.id] = (call_id, timer)
        self._tell(agent)

    def _drop_timer(self, agent_id: str) -> None:
        _, timer = self._wrap_ups.pop(agent_id, ("", None))
        if timer is not None:
            timer.cancel()

    def _tell(self, agent: Agent | None) -> None:
        """Tell the agent's desks and the supervisors, if it is anything new."""
        if agent is None:
            return
        doing = self.get(agent)
        if self._told.get(agent.id) != doing:
            self._told[agent.id] = doing
            self._emit((topic_of_agent(agent.id), topic_of_role(Role.SUPERVISOR)), self.message(agent))


def _states_in(call: Call) -> dict[str, AgentState]:
    """What each extension does in this call, guests included; nothing once it has ended."""
    if call.ended_at is not None:
        return {}
    states = dict.fromkeys(call.guests.values(), AgentState.IN_CALL)
    for leg in call.legs.values():
        if leg.extension is None:
            continue
        if talks(leg):
            states[leg.extension] = AgentState.IN_CALL
        elif rings(leg):
            states.setdefault(leg.extension, AgentState.RINGING)
    return states

"""What each agent does at each Asterisk, and so what desks are told where there are several."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec

from bridge.domain.agent import AgentState
from bridge.domain.live import LiveMessage

WEIGHT: Final = (
    *(AgentState.OFFLINE, AgentState.AVAILABLE, AgentState.WRAP_UP),
    *(AgentState.RINGING, AgentState.IN_CALL),
)
"""An agent of whom two Asterisks know does what comes later here."""

States = dict[str, dict[str, Any]]
"""By agent, the data of their newest `agent_state`. Who is offline is not in it."""


class SeenStates:
    """Of some Asterisks, by their names."""

    def __init__(self) -> None:
        self._at: dict[str, States] = {}

    def at(self, pbx: str) -> States:
        return self._at.setdefault(pbx, {})

    def replace(self, pbx: str, states: States) -> None:
        self._at[pbx] = states

    def note(self, pbx: str, message: LiveMessage) -> None:
        """Take in a message of any type that is told of this Asterisk."""
        if message.type != "agent_state":
            return
        states, agent_id = self.at(pbx), message.data["agent_id"]
        states.pop(agent_id, None)
        if message.data["state"] != AgentState.OFFLINE:
            states[agent_id] = message.data

    def across(self, message: LiveMessage, alive: Collection[str]) -> LiveMessage:
        """`message`, or where it tells of an agent who is busier at another Asterisk that is alive, what they do there."""
        if message.type != "agent_state":
            return message
        agent_id = message.data["agent_id"]
        told = [message.data, *(self.at(pbx)[agent_id] for pbx in alive if agent_id in self.at(pbx))]
        most = max(told, key=lambda data: WEIGHT.index(AgentState(data["state"])))
        return msgspec.structs.replace(message, data=most)

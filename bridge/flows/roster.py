"""Who works at which extension, held in memory: the pop's way asks at every ring and must not wait for a query."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.domain.agent import Agent


class Roster:
    def __init__(self, agents: Iterable[Agent] = ()) -> None:
        self._by_id = {agent.id: agent for agent in agents}

    def learn(self, agent: Agent) -> None:
        """Take in an agent who was made, or changed, after the start: every login and desk says who it is."""
        self._by_id[agent.id] = agent

    def find(self, agent_id: str) -> Agent | None:
        return self._by_id.get(agent_id)

    def find_at(self, extension: str) -> Agent | None:
        return next((agent for agent in self._by_id.values() if agent.extension == extension), None)

    def everyone(self) -> list[Agent]:
        return list(self._by_id.values())

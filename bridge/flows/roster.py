"""Who works at which extension, held in memory: the pop's way asks at every ring and must not wait for a query."""

from __future__ import annotations

from bridge.domain.agent import Agent


class Roster:
    def __init__(self) -> None:
        self._by_id: dict[str, Agent] = {}
        self._at: dict[str, Agent] = {}

    def learn(self, agent: Agent) -> None:
        """Take in an agent, also one who was made or changed after the start: every desk says whose it is."""
        before = self._by_id.get(agent.id)
        if before is not None and before.extension is not None and self._at.get(before.extension) is before:
            del self._at[before.extension]
        self._by_id[agent.id] = agent
        if agent.extension is not None:
            self._at[agent.extension] = agent

    def find(self, agent_id: str) -> Agent | None:
        return self._by_id.get(agent_id)

    def find_at(self, extension: str) -> Agent | None:
        return self._at.get(extension)

    def everyone(self) -> list[Agent]:
        return list(self._by_id.values())

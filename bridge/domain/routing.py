"""Who gets which conversation: by who has the matter, skill, language, who answered last, and how much each has. Pure.

First come, first served within a priority: nobody later takes a place that somebody earlier could have had.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A conversation that is nobody's. `skill`, `language`: what it asks for; `last_agent` answered this customer last.

    `keeper` made the link by which `customer_id` has come to it, and has the matter.
    """

    id: str
    since: datetime
    priority: int = 0
    skill: str | None = None
    language: str | None = None
    last_agent: str | None = None
    keeper: str | None = None
    customer_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """An agent at the desk. `load` of `capacity` is taken; who is on the phone has no place left, whatever the load.

    `speaks_with` is the customer of that call.
    """

    id: str
    capacity: int
    load: int
    on_phone: bool = False
    speaks_with: str | None = None
    skills: frozenset[str] = field(default_factory=frozenset)
    languages: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Given:
    conversation_id: str
    agent_id: str


def route(waiting: Iterable[Waiting], agents: Iterable[OnDuty]) -> Sequence[Given]:
    """Everything that has a place now, in the order in which it is given; the same for the same.

    What is asked for counts only where somebody on duty has it: a conversation in a language that nobody here speaks goes to
    anybody, while one whose speakers are all busy waits for them. Whoever has the matter already needs neither, and has a
    place for the customer on the phone, who is no second one.
    """
    people = sorted(agents, key=lambda agent: agent.id)
    load = {agent.id: agent.load for agent in people}
    given = []
    for each in sorted(waiting, key=lambda one: (-one.priority, one.since, one.id)):
        keeping = [agent for agent in people if agent.id == each.keeper and _can_keep(each, agent, load)]
        fitting = keeping or [agent for agent in _fitting(each, people) if _has_place(agent, load)]
        if fitting:
            best = min(fitting, key=lambda agent: _rank(each, agent, load))
            load[best.id] += 1
            given.append(Given(each.id, best.id))
    return given


def _fitting(each: Waiting, people: Sequence[OnDuty]) -> Sequence[OnDuty]:
    skilled = [agent for agent in people if each.skill in agent.skills] or people
    return [agent for agent in skilled if each.language in agent.languages] or skilled


def _has_place(agent: OnDuty, load: dict[str, int]) -> bool:
    return not agent.on_phone and load[agent.id] < agent.capacity


def _can_keep(each: Waiting, agent: OnDuty, load: dict[str, int]) -> bool:
    is_same = each.customer_id is not None and agent.speaks_with == each.customer_id
    return load[agent.id] < agent.capacity if is_same else _has_place(agent, load)


def _rank(each: Waiting, agent: OnDuty, load: dict[str, int]) -> tuple[bool, float, str]:
    """Who knows the customer, then who has most room."""
    return agent.id != each.last_agent, load[agent.id] / agent.capacity, agent.id

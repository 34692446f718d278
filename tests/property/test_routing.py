"""Who gets which conversation: never more than one can take, nobody passed over, the same for the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.routing import OnDuty, Waiting, route

START = datetime(2026, 11, 27, 9, tzinfo=UTC)
SKILLS, LANGUAGES, AGENTS = ["sales", "repairs"], ["en", "uk"], ["a", "b", "c", "d"]
maybe = lambda values: st.none() | st.sampled_from(values)  # noqa: E731
conversations = st.builds(
    Waiting,
    id=st.uuids().map(str),
    since=st.integers(0, 100).map(lambda minutes: START + timedelta(minutes=minutes)),
    priority=st.integers(0, 2),
    skill=maybe(SKILLS),
    language=maybe(LANGUAGES),
    last_agent=maybe(AGENTS),
)
queues = st.lists(conversations, max_size=20, unique_by=lambda each: each.id)
people = st.lists(
    st.builds(
        OnDuty,
        id=st.sampled_from(AGENTS),
        capacity=st.integers(0, 4),
        load=st.integers(0, 5),
        on_phone=st.booleans(),
        skills=st.frozensets(st.sampled_from(SKILLS)),
        languages=st.frozensets(st.sampled_from(LANGUAGES)),
    ),
    unique_by=lambda agent: agent.id,
    max_size=4,
)


def fits(each: Waiting, agent: OnDuty, agents: Sequence[OnDuty]) -> bool:
    """As the rule is told to people."""
    skilled = [other for other in agents if each.skill in other.skills] or agents
    speaking = [other for other in skilled if each.language in other.languages] or skilled
    return agent in speaking


@given(queues, people)
def test_nobody_has_more_than_they_can_take_and_nobody_on_the_phone_gets_any(
    waiting: list[Waiting], agents: list[OnDuty]
) -> None:
    got = Counter(given_.agent_id for given_ in route(waiting, agents))
    for agent in agents:
        assert got[agent.id] == 0 or (not agent.on_phone and agent.load + got[agent.id] <= agent.capacity)


@given(queues, people)
def test_each_goes_once_and_only_to_who_fits(waiting: list[Waiting], agents: list[OnDuty]) -> None:
    given_ = route(waiting, agents)
    assert len({each.conversation_id for each in given_}) == len(given_)
    by_id = {each.id: each for each in waiting}
    at = {agent.id: agent for agent in agents}
    assert all(fits(by_id[each.conversation_id], at[each.agent_id], agents) for each in given_)


@given(queues, people)
def test_nobody_is_passed_over(waiting: list[Waiting], agents: list[OnDuty]) -> None:
    """Who still waits could not have had any place that went to somebody behind them, nor one that is still free."""
    given_ = {each.conversation_id: each.agent_id for each in route(waiting, agents)}
    order = {
        each.id: n
        for n, each in enumerate(sorted(waiting, key=lambda one: (-one.priority, one.since, one.id)))
    }
    for left in (each for each in waiting if each.id not in given_):
        usable = {agent.id for agent in agents if fits(left, agent, agents) and not agent.on_phone}
        behind = {who for each, who in given_.items() if order[each] > order[left.id]}
        assert not usable & behind
        load = Counter(given_.values())
        assert all(agent.load + load[agent.id] >= agent.capacity for agent in agents if agent.id in usable)


@given(queues, people, st.randoms(use_true_random=False))
def test_the_same_is_given_the_same(waiting: list[Waiting], agents: list[OnDuty], random: object) -> None:
    shuffled, others = list(waiting), list(agents)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    random.shuffle(others)  # type: ignore[attr-defined]
    assert route(waiting, agents) == route(shuffled, others)


@given(queues, people)
def test_everybody_has_their_turn(waiting: list[Waiting], agents: list[OnDuty]) -> None:
    """While somebody works at all: each round all that was given is dealt with, until nobody waits."""
    agents = [replace(agent, load=0, on_phone=False) for agent in agents if agent.capacity > 0]
    if not agents:
        return
    left, rounds = list(waiting), 0
    while left:
        done = {each.conversation_id for each in route(left, agents)}
        assert done
        left = [each for each in left if each.id not in done]
        rounds += 1
    assert rounds <= len(waiting)


def test_who_knows_the_customer_then_who_has_most_room() -> None:
    here = [OnDuty(id="a", capacity=4, load=2), OnDuty(id="b", capacity=4, load=1)]
    one = Waiting(id="1", since=START, last_agent="a")
    assert [each.agent_id for each in route([one, replace(one, id="2", last_agent=None)], here)] == ["a", "b"]


def test_what_nobody_here_can_goes_to_anybody_and_what_is_only_busy_waits() -> None:
    speaks = OnDuty(id="a", capacity=1, load=1, languages=frozenset({"uk"}))
    other = OnDuty(id="b", capacity=1, load=0)
    one = Waiting(id="1", since=START, language="uk")
    assert route([one], [speaks, other]) == []
    assert [each.agent_id for each in route([replace(one, language="ru")], [speaks, other])] == ["b"]

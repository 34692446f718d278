"""Whatever order Asterisk's facts come in, and whichever are missing, a call stays a call."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pbx.ami.facts import (
    BridgeEntered,
    DialBegan,
    DialEnded,
    Fact,
    HangupRequested,
    Invited,
    LegCreated,
    LegHungUp,
    LegRinging,
    LegUp,
    Transferred,
)
from pbx.ami.snapshot import LiveLeg, Snapshot
from pbx.ami.tracker import Tracker
from pbx.interface import (
    AgentAnswered,
    AgentInvited,
    AgentLeft,
    AgentRinging,
    AgentWithdrawn,
    CallEnded,
    CallStarted,
    Direction,
    LegState,
)
from tests.fakes.ami_transcript import NAMES, RecordingSink, read_transcript

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
CALLER = "1.0"
STATUSES = ["ANSWER", "BUSY", "CANCEL", "CHANUNAVAIL", "CONGESTION", "NOANSWER"]
causes = st.sampled_from([0, 16, 17, 19, 21, 26, 38, 127])


@st.composite
def leg_histories(draw: st.DrawFn, uniqueid: str) -> list[Fact]:
    """What may be said of one agent's leg, its creation left out: any of it, in any order, any number of times."""
    kinds = [
        st.just(Invited(NOW, uniqueid)),
        st.just(LegRinging(NOW, uniqueid)),
        st.just(LegUp(NOW, uniqueid)),
        st.just(DialBegan(NOW, uniqueid, CALLER)),
        st.sampled_from(STATUSES).map(lambda status: DialEnded(NOW, uniqueid, CALLER, status)),
        causes.map(lambda cause: HangupRequested(NOW, uniqueid, cause)),
        st.sampled_from([CALLER, "0.5"]).map(lambda linkedid: BridgeEntered(NOW, uniqueid, "b", linkedid)),
    ]
    return draw(st.lists(st.one_of(kinds), max_size=8))


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """A call of up to three agents' legs, its facts interleaved at random; every leg ends at last."""
    agents = [f"1.{n}" for n in range(1, draw(st.integers(1, 3)) + 1)]
    facts: list[Fact] = [LegCreated(NOW, CALLER, CALLER, "PJSIP/trunk-loopback-00000000", "+1", "+2")]
    facts += [LegCreated(NOW, leg, CALLER, f"PJSIP/agent-10{leg[-1]}-0000000{leg[-1]}") for leg in agents]
    middle = [fact for leg in agents for fact in draw(leg_histories(leg))]
    middle += draw(
        st.lists(st.sampled_from([LegUp(NOW, CALLER), HangupRequested(NOW, CALLER, 16)]), max_size=2)
    )
    ends: list[Fact] = [LegHungUp(NOW, leg, draw(causes)) for leg in draw(st.permutations([CALLER, *agents]))]
    early = ends[: draw(st.integers(0, len(agents)))]
    return [*facts, *draw(st.permutations([*middle, *early])), *ends]


def run(facts: list[Fact]) -> tuple[Tracker, RecordingSink]:
    sink = RecordingSink()
    tracker = Tracker("pbx1", sink)
    for fact in facts:
        tracker.take(fact)
    return tracker, sink


def check(sink: RecordingSink) -> None:
    """The promises of pbx.interface about one call's events."""
    for linkedid in {event.linkedid for event in sink.events}:
        events = [event for event in sink.events if event.linkedid == linkedid]
        kinds = Counter(type(event) for event in events)
        assert kinds[CallStarted] == 1
        assert isinstance(events[0], CallStarted)
        assert kinds[CallEnded] == 1
        assert isinstance(events[-1], CallEnded)
        check_legs(events)
        call = sink.calls[linkedid]
        assert call.ended_at
        assert call.outcome
        assert all(leg.state is LegState.ENDED for leg in call.legs.values())
        assert not any(leg.answered_at and leg.withdrawn_at for leg in call.legs.values())


def check_legs(events: list[object]) -> None:
    asked = {e.leg for e in events if isinstance(e, AgentInvited | AgentRinging)}
    answered = [e.leg for e in events if isinstance(e, AgentAnswered)]
    withdrawn = [e.leg for e in events if isinstance(e, AgentWithdrawn)]
    left = [e.leg for e in events if isinstance(e, AgentLeft)]
    assert sorted(left) == sorted(answered)
    assert len(set(answered + withdrawn)) == len(answered + withdrawn)
    assert asked <= set(answered + withdrawn)
    assert set(withdrawn) <= asked


@given(histories())
def test_any_interleaving(facts: list[Fact]) -> None:
    tracker, sink = run(facts)
    check(sink)
    assert tracker.open_calls == 0


@given(histories(), st.data())
def test_any_gap(facts: list[Fact], data: st.DataObject) -> None:
    """Facts are lost, then a snapshot of the truth comes; at last everything is gone."""
    lost_from = data.draw(st.integers(0, len(facts)))
    seen = facts[data.draw(st.integers(lost_from, len(facts))) :]
    sink = RecordingSink()
    tracker = Tracker("pbx1", sink)
    for fact in facts[:lost_from]:
        tracker.take(fact)
    gone = {fact.uniqueid for fact in facts[: len(facts) - len(seen)] if isinstance(fact, LegHungUp)}
    created = [
        f for f in facts[: len(facts) - len(seen)] if isinstance(f, LegCreated) and f.uniqueid not in gone
    ]
    tracker.take(Snapshot(NOW, tuple(LiveLeg(each, LegState.RINGING, None, None) for each in created)))
    for fact in seen:
        tracker.take(fact)
    tracker.take(Snapshot(NOW, ()))
    assert tracker.open_calls == 0
    if sink.events:
        check_legs([*sink.events])


@given(st.sampled_from(["attended_transfer", "transfer_in_haste"]), st.data())
def test_a_transfer_brings_the_agent_whatever_order_it_is_told_in(name: str, data: st.DataObject) -> None:
    """From the answer of the consultation to the caller's hang-up only what is said of one leg keeps its order."""
    facts = read_transcript(name)
    answered = max(n for n, f in enumerate(facts) if isinstance(f, DialEnded) and f.status == "ANSWER")
    over = next(n for n, f in enumerate(facts) if isinstance(f, HangupRequested))
    # Said of none of the two legs that it brings together.
    free = [f for f in facts[answered + 1 : over] if isinstance(f, Transferred)]
    by_leg: dict[str, list[Fact]] = {}
    for fact in facts[answered + 1 : over]:
        if fact not in free:
            by_leg.setdefault(fact.uniqueid, []).append(fact)
    queues = [*by_leg.values(), *([fact] for fact in free)]
    turns = data.draw(st.permutations([n for n, queue in enumerate(queues) for _ in queue]))
    shuffled = [queues[turn].pop(0) for turn in turns]
    _, sink = run([*facts[: answered + 1], *shuffled, *facts[over:]])
    check(sink)
    (customer,) = [call for call in sink.calls.values() if call.direction is Direction.INBOUND]
    events = [event for event in sink.events if event.linkedid == customer.linkedid]
    assert [e.extension for e in events if isinstance(e, AgentAnswered)] == ["101", "103"]


@given(st.sampled_from(NAMES), st.randoms(use_true_random=False), st.integers(1, 12))
def test_real_calls_a_little_out_of_order(name: str, rng: random.Random, reach: int) -> None:
    """AMI's order holds for one leg only: facts of different legs are swapped over a short distance."""
    facts = read_transcript(name)
    for _ in range(len(facts)):
        n = rng.randrange(len(facts) - 1)
        m = min(n + rng.randint(1, reach), len(facts) - 1)
        if not {facts[n].uniqueid} & {fact.uniqueid for fact in facts[n + 1 : m + 1]} and not any(
            isinstance(fact, LegCreated | LegHungUp) for fact in facts[n : m + 1]
        ):
            facts.insert(m, facts.pop(n))
    tracker, sink = run(facts)
    check(sink)
    assert tracker.open_calls == 0

"""Gaps, restarts and adopted calls: what a snapshot makes of the open calls (invariant 8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pbx.ami.client import Heard, LinkLost
from pbx.ami.facts import (
    BridgeEntered,
    DialEnded,
    Fact,
    Identified,
    Invited,
    LegCreated,
    LegHungUp,
)
from pbx.ami.snapshot import LiveLeg, Snapshot
from pbx.ami.tracker import Tracker
from pbx.interface import (
    AgentAnswered,
    Call,
    CallEnded,
    CallJoined,
    CallStarted,
    Direction,
    LegState,
    Outcome,
)
from tests.fakes.ami_transcript import RecordingSink, read_transcript, summarise, track

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)


def facts_until(name: str, kind: type[Fact]) -> list[Fact]:
    """The transcript's facts up to the first of `kind`, which is left out."""
    facts = read_transcript(name)
    return facts[: next(n for n, fact in enumerate(facts) if isinstance(fact, kind))]


def live(call: Call, *extensions: str | None, bridge: str | None = None) -> tuple[LiveLeg, ...]:
    """The legs of `call` that live on, by extension; None is the caller's."""
    legs = [leg for leg in call.legs.values() if leg.extension in extensions]
    return tuple(
        LiveLeg(
            LegCreated(leg.created_at, leg.uniqueid, call.linkedid, leg.channel, call.caller, call.dialled),
            LegState.UP,
            bridge,
            Identified(NOW, leg.uniqueid, "stale"),
        )
        for leg in legs
    )


def talking() -> tuple[Tracker, RecordingSink, Call]:
    """A call that 101 has answered."""
    sink = RecordingSink()
    tracker = Tracker("pbx1", sink)
    for fact in facts_until("answered", LegHungUp):
        tracker.take(fact)
    (call,) = sink.calls.values()
    assert call.answered_at
    sink.events.clear()
    return tracker, sink, call


def test_asterisk_was_killed() -> None:
    tracker, sink, call = talking()
    tracker.take(LinkLost(NOW))
    tracker.take(Snapshot(NOW + timedelta(seconds=3), ()))
    assert [summarise(event) for event in sink.events] == ["AgentLeft 101", "CallEnded unknown"]
    (gap,) = sink.gaps
    assert (gap.pbx, gap.since, gap.until) == ("pbx1", NOW, NOW + timedelta(seconds=3))
    assert gap.calls == {call.linkedid}
    tracker.take(LinkLost(NOW + timedelta(seconds=9)))
    tracker.take(Snapshot(NOW + timedelta(seconds=10), ()))
    assert [gap.since for gap in sink.gaps] == [NOW, NOW + timedelta(seconds=9)]
    assert tracker.open_calls == 0


def test_a_call_that_is_still_up_goes_on() -> None:
    tracker, sink, call = talking()
    tracker.take(LinkLost(NOW))
    tracker.take(Snapshot(NOW, live(call, None, "101", bridge="b")))
    assert sink.events == []
    assert tracker.open_calls == 1
    for uniqueid in call.legs:
        tracker.take(LegHungUp(NOW, uniqueid, 16))
    assert [summarise(event) for event in sink.events] == ["AgentLeft 101", "CallEnded answered"]


def test_ringing_legs_that_are_gone_are_withdrawn() -> None:
    sink = RecordingSink()
    tracker = Tracker("pbx1", sink)
    for fact in facts_until("answered", DialEnded):
        tracker.take(fact)
    (call,) = sink.calls.values()
    sink.events.clear()
    tracker.take(Snapshot(NOW, live(call, None)))
    told = {summarise(event) for event in sink.events}
    assert told == {"AgentWithdrawn 101 unknown", "AgentWithdrawn 102 unknown"}
    assert tracker.open_calls == 1


def test_an_answer_that_nobody_saw_is_told_from_the_bridge() -> None:
    sink = RecordingSink()
    tracker = Tracker("pbx1", sink)
    for fact in facts_until("answered", DialEnded):
        tracker.take(fact)
    (call,) = sink.calls.values()
    sink.events.clear()
    tracker.take(Snapshot(NOW, live(call, None, "101", bridge="b")))
    assert {summarise(event) for event in sink.events} == {"AgentWithdrawn 102 unknown", "AgentAnswered 101"}


def test_open_calls_of_the_store_are_adopted_or_closed() -> None:
    _, _, alive = talking()
    (gone,) = track(facts_until("internal", BridgeEntered)).calls.values()
    sink = RecordingSink()
    tracker = Tracker("pbx1", sink, [alive, gone], watched_until=NOW - timedelta(minutes=1))
    tracker.take(Snapshot(NOW, live(alive, None, "101", bridge="b")))
    assert {event.linkedid for event in sink.events} == {gone.linkedid}
    assert summarise(sink.events[-1]) == "CallEnded unknown"
    assert sink.gaps[0].since == NOW - timedelta(minutes=1)
    assert tracker.open_calls == 1


def test_an_adopted_call_keeps_the_customer_it_was_filed_under() -> None:
    _, sink, alive = talking()
    tracker = Tracker("pbx1", sink, [alive])
    tracker.take(Snapshot(NOW, live(alive, None, "101", bridge="b")))
    assert sink.events == []


def test_a_gap_in_which_the_clock_was_set_back_does_not_end_before_it_began() -> None:
    sink = RecordingSink()
    tracker = Tracker("pbx1", sink, watched_until=NOW)
    tracker.take(Snapshot(NOW - timedelta(days=1), ()))
    (gap,) = sink.gaps
    assert gap.since == gap.until == NOW - timedelta(days=1)


def test_what_was_heard_is_told_in_its_turn() -> None:
    sink = RecordingSink()
    tracker = Tracker("pbx1", sink)
    tracker.take(Snapshot(NOW, ()))
    assert not tracker.tell_unwatched()
    assert sink.heard_at == NOW
    tracker.take(Heard(NOW + timedelta(seconds=3)))
    assert sink.heard_at == NOW + timedelta(seconds=3)


def test_the_first_start_of_all_makes_no_gap() -> None:
    sink = RecordingSink()
    Tracker("pbx1", sink).take(Snapshot(NOW, ()))
    assert sink.gaps == []


def test_a_call_that_began_unwatched_is_opened_from_the_snapshot() -> None:
    _, _, call = talking()
    sink = RecordingSink()
    tracker = Tracker("pbx1", sink)
    # The agent's leg is listed first: the leg that opened the call must become its caller all the same.
    tracker.take(Snapshot(NOW, live(call, None, "101", bridge="b")[::-1]))
    (found,) = sink.calls.values()
    assert [type(event) for event in sink.events[:1]] == [CallStarted]
    assert [event.extension for event in sink.events if isinstance(event, AgentAnswered)] == ["101"]
    assert (found.linkedid, found.direction, found.customer_id) == (call.linkedid, Direction.INBOUND, "stale")
    assert found.started_at == call.started_at


def test_facts_about_nobody_are_left_alone() -> None:
    sink = track([LegHungUp(NOW, "9.9", 16), DialEnded(NOW, "9.9", "8.8", "ANSWER")])
    assert sink.events == []


def test_our_own_legs_open_no_call_and_join_none() -> None:
    tracker, sink, call = talking()
    spy = LegCreated(NOW, "omni-1", linkedid="omni-1", channel="AudioSocket/127.0.0.1:1-x")
    dialled = LegCreated(NOW, "7.7", linkedid="omni-1", channel="PJSIP/agent-102-00000001")
    agent = next(uniqueid for uniqueid, leg in call.legs.items() if leg.extension == "101")
    for fact in (spy, dialled, LegHungUp(NOW, "omni-1", 16), BridgeEntered(NOW, agent, "b", "omni-1")):
        tracker.take(fact)
    assert sink.events == []
    assert tracker.open_calls == 1


def test_a_leg_that_joined_calls_dial_after_the_other_half_has_ended() -> None:
    tracker, sink, customer = talking()
    tracker.take(LegCreated(NOW, "5.0", "5.0", "PJSIP/agent-103-00000009", "103", "101"))
    tracker.take(BridgeEntered(NOW, "5.0", "b", customer.linkedid))
    assert sink.of(CallJoined)
    for uniqueid in customer.legs:
        tracker.take(LegHungUp(NOW, uniqueid, 16))
    tracker.take(LegCreated(NOW, "5.1", customer.linkedid, "PJSIP/agent-102-0000000a", "102", "s"))
    assert set(sink.calls["5.0"].legs) == {"5.0"}  # no event yet, so not told yet
    tracker.take(LegHungUp(NOW, "5.0", 16))
    tracker.take(LegHungUp(NOW, "5.1", 16))
    assert set(sink.calls["5.0"].legs) == {"5.0", "5.1"}
    assert [event.linkedid for event in sink.of(CallEnded)] == [customer.linkedid, "5.0"]


def test_nobody_answers_after_a_transfer() -> None:
    tracker, sink, call = talking()
    third = LegCreated(NOW, "5.0", call.linkedid, "PJSIP/agent-103-00000009")
    for fact in (third, Invited(NOW, "5.0"), DialEnded(NOW, "5.0", call.linkedid, "NOANSWER")):
        tracker.take(fact)
    assert summarise(sink.events[-1]) == "AgentWithdrawn 103 no_answer"


def test_call_pickup_answers_the_call_that_was_picked_up() -> None:
    """103 dials *8 while 102 rings: its own leg takes 102's place (seen with Asterisk 22.10)."""
    facts: list[Fact] = [
        LegCreated(NOW, "1.0", "1.0", "PJSIP/trunk-loopback-00000000", "+380501234567", "102"),
        LegCreated(NOW, "1.1", "1.0", "PJSIP/agent-102-00000001"),
        LegCreated(NOW, "1.2", "1.2", "PJSIP/agent-103-00000002", "103", "*8"),
        DialEnded(NOW, "1.2", dialler="1.0", status="ANSWER"),
        LegHungUp(NOW, "1.1", 16),
        BridgeEntered(NOW, "1.2", "b", "1.0"),
        BridgeEntered(NOW, "1.0", "b", "1.0"),
        LegHungUp(NOW, "1.0", 16),
        LegHungUp(NOW, "1.2", 16),
    ]
    sink = track(facts)
    assert sink.calls["1.2"].joined_to == "1.0"
    assert sink.calls["1.0"].outcome is Outcome.ANSWERED

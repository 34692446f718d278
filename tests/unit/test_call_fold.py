"""What real calls, as Asterisk told them, come to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pbx.ami.facts import BridgeEntered, DialEnded, DigitPressed, Fact, LegCreated, LegHungUp, LegUp
from pbx.interface import (
    AgentAnswered,
    AgentLeft,
    AgentWithdrawn,
    CallJoined,
    CodeEntered,
    Direction,
    LegRole,
    LegState,
    Outcome,
    WithdrawReason,
)
from tests.fakes.ami_transcript import NAMES, read_transcript, summarise, track

BOTH_INVITED = {"AgentInvited 101", "AgentInvited 102", "AgentRinging 101", "AgentRinging 102"}

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)

# Two agents ring in any order, so the events between the start and the first decision are told as a set.
EXPECTED = {
    "answered": (
        BOTH_INVITED | {"CallStarted"},
        [
            "AgentAnswered 101",
            "AgentWithdrawn 102 answered_elsewhere",
            "RecordingStarted",
            "AgentLeft 101",
            "CallEnded answered",
        ],
    ),
    "both_answer": (
        BOTH_INVITED | {"CallStarted"},
        [
            "AgentAnswered 101",
            "AgentWithdrawn 102 answered_elsewhere",
            "RecordingStarted",
            "AgentLeft 101",
            "CallEnded answered",
        ],
    ),
    "abandoned": (
        BOTH_INVITED | {"CallStarted"},
        ["AgentWithdrawn 102 caller_gave_up", "AgentWithdrawn 101 caller_gave_up", "CallEnded abandoned"],
    ),
    "voicemail": (
        BOTH_INVITED | {"CallStarted"},
        [
            "AgentWithdrawn 102 no_answer",
            "AgentWithdrawn 101 no_answer",
            "VoicemailLeft support",
            "CallEnded voicemail",
        ],
    ),
    "internal": (
        {"CallStarted", "AgentInvited 102", "AgentRinging 102"},
        ["AgentAnswered 102", "AgentLeft 102", "CallEnded answered"],
    ),
    "internal_unanswered": (
        {"CallStarted", "AgentInvited 102", "AgentRinging 102"},
        ["AgentWithdrawn 102 caller_gave_up", "CallEnded abandoned"],
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_transcript(name: str) -> None:
    told = [summarise(event) for event in track(read_transcript(name)).events]
    beginning, rest = EXPECTED[name]
    assert set(told[: len(beginning)]) == beginning
    assert told[len(beginning) :] == rest


def test_refusals_ring_again() -> None:
    told = [summarise(event) for event in track(read_transcript("rejected")).events]
    assert told[0] == "CallStarted"
    assert told[5:7] == ["AgentWithdrawn 101 rejected", "AgentWithdrawn 102 rejected"]
    assert set(told[7:11]) == BOTH_INVITED
    assert "AgentAnswered 102" in told[11:]
    assert "AgentWithdrawn 101 answered_elsewhere" in told[11:]
    assert told[-2:] == ["AgentLeft 102", "CallEnded answered"]


def test_an_answer_without_a_dial_end() -> None:
    """Asterisk tells none for a phone that answers before the queue looks; the bridge tells it then."""
    facts = read_transcript("answered")
    told = [
        summarise(event)
        for event in track(f for f in facts if not (isinstance(f, DialEnded) and f.status == "ANSWER")).events
    ]
    assert "AgentAnswered 101" in told
    assert "AgentWithdrawn 102 answered_elsewhere" in told
    assert told[-1] == "CallEnded answered"


def test_the_call_itself() -> None:
    (call,) = track(read_transcript("answered")).calls.values()
    assert (call.caller, call.dialled, call.direction) == (
        "+380501234567",
        "+380445550100",
        Direction.INBOUND,
    )
    assert call.queue == "support"
    assert call.recording
    assert call.answered_at
    assert call.ended_at
    assert call.answered_at < call.ended_at
    legs = {leg.extension or leg.endpoint: leg for leg in call.legs.values()}
    assert {name: leg.role for name, leg in legs.items()} == {
        "trunk-loopback": LegRole.CALLER,
        "101": LegRole.AGENT,
        "102": LegRole.AGENT,
    }
    assert legs["101"].answered_at
    assert legs["102"].withdrawn_at
    assert legs["101"].dialled_by == legs["trunk-loopback"].uniqueid
    assert all(leg.state is LegState.ENDED and leg.ended_at for leg in call.legs.values())


def test_who_picked_up_too_late_has_not_answered() -> None:
    (call,) = track(read_transcript("both_answer")).calls.values()
    assert [leg.extension for leg in call.legs.values() if leg.answered_at and leg.extension] == ["101"]


def test_blind_transfer_stays_one_call() -> None:
    sink = track(read_transcript("blind_transfer"))
    told = [summarise(event) for event in sink.events]
    assert len(sink.calls) == 1
    expected = ["AgentLeft 101", "AgentInvited 103", "AgentRinging 103", "AgentAnswered 103"]
    assert [event for event in told if event in expected] == expected
    assert told[-2:] == ["AgentLeft 103", "CallEnded answered"]


def test_attended_transfer_joins_two_calls_and_moves_no_leg() -> None:
    sink = track(read_transcript("attended_transfer"))
    customer, consultation = sink.calls.values()
    (joined,) = sink.of(CallJoined)
    assert isinstance(joined, CallJoined)
    assert (joined.linkedid, joined.into) == (consultation.linkedid, customer.linkedid)
    assert consultation.joined_to == customer.linkedid
    assert customer.joined_to is None
    assert consultation.direction is Direction.INTERNAL
    assert {leg.endpoint for leg in consultation.legs.values()} == {"agent-101", "agent-103"}
    assert {leg.endpoint for leg in customer.legs.values()} == {"trunk-loopback", "agent-101", "agent-102"}
    ended = [summarise(event) for event in sink.events if summarise(event).startswith("CallEnded")]
    assert ended == ["CallEnded answered"] * 2


FOLLOWED = {
    "attended_transfer": ["101 answered", "103 answered", "101 left", "103 left"],
    "transfer_in_haste": ["101 answered", "103 answered", "101 left", "103 left"],
    "transfer_to_an_older_call": ["101 answered", "103 answered", "101 left", "103 left"],
    "transferred_on": ["101 answered", "103 answered", "101 left", "103 left", "102 answered", "102 left"],
    "picked_up": ["103 answered", "103 left"],
    "picked_up_directed": ["103 answered", "103 left"],
    "parked": ["101 answered", "101 left", "103 answered", "103 left"],
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_who_speaks_with_the_caller_wherever_their_leg_belongs(name: str) -> None:
    sink = track(read_transcript(name))
    (customer,) = [call for call in sink.calls.values() if call.direction is Direction.INBOUND]
    words = {AgentAnswered: "answered", AgentLeft: "left"}
    told = [
        f"{event.extension} {words[type(event)]}"
        for event in sink.events
        if isinstance(event, AgentAnswered | AgentLeft) and event.linkedid == customer.linkedid
    ]
    assert told == FOLLOWED[name]
    assert customer.outcome is Outcome.ANSWERED
    assert customer.recording
    assert not customer.guests
    reasons = {e.reason for e in sink.of(AgentWithdrawn) if isinstance(e, AgentWithdrawn)}
    assert reasons <= {WithdrawReason.ANSWERED_ELSEWHERE}
    others = [call for call in sink.calls.values() if call is not customer]
    assert all(call.outcome is Outcome.ANSWERED and not call.recording for call in others)


def test_two_callers_brought_together_are_two_calls() -> None:
    sink = track(read_transcript("two_callers_joined"))
    first, second = [call for call in sink.calls.values() if call.direction is Direction.INBOUND]
    assert second.joined_to == first.linkedid
    left = [(event.linkedid, summarise(event)) for event in sink.of(AgentLeft)]
    assert sorted(left) == [(first.linkedid, "AgentLeft 101"), (second.linkedid, "AgentLeft 101")]


def test_an_agent_who_rings_a_customer_speaks_with_them() -> None:
    facts: list[Fact] = [
        LegCreated(NOW, "1.0", "1.0", "PJSIP/agent-101-00000000", "101", "+380501234567"),
        LegCreated(NOW, "1.1", "1.0", "PJSIP/trunk-carrier-00000001"),
        DialEnded(NOW, "1.1", dialler="1.0", status="ANSWER"),
        LegUp(NOW, "1.0"),
        BridgeEntered(NOW, "1.1", "b", "1.0"),
        BridgeEntered(NOW, "1.0", "b", "1.0"),
        LegHungUp(NOW, "1.1", 16),
        LegHungUp(NOW, "1.0", 16),
    ]
    told = [summarise(event) for event in track(facts).events]
    assert told == ["CallStarted", "AgentAnswered 101", "AgentLeft 101", "CallEnded answered"]


@pytest.mark.parametrize("name", NAMES)
def test_telling_everything_twice_changes_nothing(name: str) -> None:
    facts = read_transcript(name)
    once = track(facts)
    twice = track(fact for fact in facts for _ in range(2))
    # A message left is told each time: who keeps it knows it by its name.
    assert [e for e in map(summarise, twice.events) if "Voicemail" not in e] == [
        e for e in map(summarise, once.events) if "Voicemail" not in e
    ]
    assert twice.calls == once.calls


@pytest.mark.parametrize(
    ("keys", "codes"),
    [
        ("123456#", ["123456"]),
        ("12*123456#", ["123456"]),
        ("123456#654321#", ["123456", "654321"]),
        ("12345#", []),
        ("1234567#", []),
        ("4111111111111111#", []),
        ("123456*", []),
        ("000000#111111#222222#333333#", ["000000", "111111", "222222"]),
    ],
)
def test_six_digits_and_a_hash_are_a_code(keys: str, codes: list[str]) -> None:
    facts = read_transcript("answered")
    (place, first) = next((i, fact) for i, fact in enumerate(facts) if isinstance(fact, LegCreated))
    pressed = [DigitPressed(first.at, first.uniqueid, digit=key) for key in keys]
    sink = track([*facts[: place + 1], *pressed, *facts[place + 1 :]])
    assert [event.code for event in sink.events if isinstance(event, CodeEntered)] == codes

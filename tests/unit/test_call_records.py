"""What Asterisk's own records tell of calls that ended unwatched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pbx.ami.call_records import MOST_BYTES, CallRecords
from pbx.ami.client import Heard, LinkLost
from pbx.ami.facts import DialEnded, Fact, LegHungUp, QueueJoined
from pbx.ami.snapshot import Snapshot
from pbx.ami.tracker import Tracker
from pbx.interface import AgentAnswered, Call, Outcome
from tests.fakes.ami_transcript import RecordingSink, read_transcript, summarise

LOST = datetime(2026, 12, 1, 20, tzinfo=UTC)
ENDED = LOST + timedelta(seconds=40)
TALKED = timedelta(seconds=30)
BACK = LOST + timedelta(minutes=10)


def lose_at(kind: type[Fact], records: CallRecords) -> tuple[Tracker, RecordingSink, Call]:
    """The recorded call up to its first fact of `kind`; nobody watches from then on."""
    sink = RecordingSink()
    tracker = Tracker("pbx1", sink, records=records)
    for fact in read_transcript("answered"):
        if isinstance(fact, kind):
            break
        tracker.take(fact)
    tracker.take(LinkLost(LOST))
    (call,) = sink.calls.values()
    return tracker, sink, call


def come_back(tracker: Tracker) -> None:
    """Nothing of the call lives any more."""
    tracker.take(Snapshot(BACK, ()))
    tracker.take(Heard(BACK + timedelta(seconds=1)))


def line_of(call: Call, extension: str | None, disposition: str, application: str = "Queue") -> str:
    dialled = next(
        (leg.channel for leg in call.legs.values() if leg.extension == extension and extension), ""
    )
    return line_to(call, dialled, disposition, application)


def line_to(call: Call, dialled: str, disposition: str, application: str = "Queue", more: str = "") -> str:
    answer, end = f"{(ENDED - TALKED).timestamp():.6f}", f"{ENDED.timestamp():.6f}"
    caller = call.legs[call.linkedid].channel
    return f"{call.linkedid},{call.linkedid},{caller},{dialled},{answer},{end},{disposition},{application}{more}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "omniline.csv"


def test_a_call_that_was_talked_ended_when_asterisk_says(file: Path) -> None:
    tracker, sink, call = lose_at(LegHungUp, CallRecords(file))
    file.write_text(line_of(call, "101", "ANSWERED") + "torn,line")
    come_back(tracker)
    (ended,) = sink.calls.values()
    assert (ended.ended_at, ended.outcome) == (ENDED, Outcome.ANSWERED)
    assert [(gap.since, gap.until) for gap in sink.gaps] == [(LOST, BACK)]


def test_an_answer_and_an_end_that_nobody_saw(file: Path) -> None:
    tracker, sink, call = lose_at(DialEnded, CallRecords(file))
    file.write_text(line_of(call, "102", "NO ANSWER") + line_of(call, "101", "ANSWERED"))
    come_back(tracker)
    (ended,) = sink.calls.values()
    assert (ended.ended_at, ended.outcome) == (ENDED, Outcome.ANSWERED)
    assert [event.extension for event in sink.events if isinstance(event, AgentAnswered)] == ["101"]


@pytest.mark.parametrize(
    ("disposition", "application", "outcome"),
    [
        ("NO ANSWER", "Queue", Outcome.ABANDONED),
        ("BUSY", "Dial", Outcome.BUSY),
        ("FAILED", "Dial", Outcome.FAILED),
        ("NO ANSWER", "VoiceMail", Outcome.NO_ANSWER),
    ],
)
def test_a_call_that_nobody_took(file: Path, disposition: str, application: str, outcome: Outcome) -> None:
    tracker, sink, call = lose_at(DialEnded, CallRecords(file))
    lines = [line_of(call, extension, disposition, application) for extension in ("101", "102")]
    file.write_text("".join(lines))
    come_back(tracker)
    (ended,) = sink.calls.values()
    assert (ended.ended_at, ended.outcome) == (ENDED, outcome)


def test_a_call_that_was_seen_to_begin_and_no_more(file: Path) -> None:
    tracker, sink, call = lose_at(QueueJoined, CallRecords(file))
    more = f",{(ENDED - TALKED).timestamp():.6f},+380445550100 2026/12/01/1.1,+380501234567"
    lost = [line_to(call, "PJSIP/agent-102-00000042", "NO ANSWER", more=more)]
    file.write_text("".join([*lost, line_to(call, "PJSIP/agent-101-00000041", "ANSWERED", more=more)]))
    assert len(call.legs) == 1
    come_back(tracker)
    (ended,) = sink.calls.values()
    assert (ended.ended_at, ended.outcome) == (ENDED, Outcome.ANSWERED)
    assert (ended.answered_at, ended.recording) == (ENDED - TALKED, "2026/12/01/1.1")
    assert [summarise(event) for event in sink.events[-4:]] == [
        "AgentAnswered 101",
        "RecordingStarted",
        "AgentLeft 101",
        "CallEnded answered",
    ]


def test_a_record_that_comes_later_than_the_snapshot_is_waited_for(file: Path) -> None:
    tracker, sink, call = lose_at(LegHungUp, CallRecords(file))
    tracker.take(Snapshot(BACK, ()))
    file.write_text(line_of(call, "101", "ANSWERED"))
    tracker.take(Heard(BACK + timedelta(seconds=1)))
    (ended,) = sink.calls.values()
    assert (ended.ended_at, ended.outcome) == (ENDED, Outcome.ANSWERED)


def test_without_a_record_the_end_is_unknown(file: Path) -> None:
    tracker, sink, _ = lose_at(LegHungUp, CallRecords(file))
    come_back(tracker)
    (ended,) = sink.calls.values()
    assert (ended.ended_at, ended.outcome) == (BACK, Outcome.UNKNOWN)


def test_the_file_does_not_grow_while_all_is_watched(file: Path) -> None:
    tracker = Tracker("pbx1", RecordingSink(), records=CallRecords(file))
    file.write_text("x" * MOST_BYTES)
    tracker.take(Heard(LOST))
    assert file.exists()
    file.write_text("x" * (MOST_BYTES + 1))
    tracker.take(Heard(LOST))
    assert not file.exists()


def test_what_was_put_aside_is_read_all_the_same(file: Path) -> None:
    records = CallRecords(file)
    tracker, sink, call = lose_at(LegHungUp, records)
    file.write_text(line_of(call, "101", "ANSWERED") + "x" * MOST_BYTES)
    records.keep_short()
    come_back(tracker)
    (ended,) = sink.calls.values()
    assert ended.outcome is Outcome.ANSWERED

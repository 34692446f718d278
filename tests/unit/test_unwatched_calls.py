"""Calls that came and went while nobody watched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pbx.ami.call_records import CallRecords
from pbx.ami.client import Heard, LinkLost
from pbx.ami.snapshot import Snapshot
from pbx.ami.tracker import Tracker
from pbx.interface import Direction, Outcome
from tests.fakes.ami_transcript import RecordingSink, summarise

LOST = datetime(2026, 12, 1, 20, tzinfo=UTC)
BACK = LOST + timedelta(minutes=10)
HEARD = BACK + timedelta(seconds=1)
CALLER, DID = "+380501110001", "+380445550100"
RECORDING = "2026/12/01/1795755792.1"


def line(
    partner: str,
    disposition: str,
    *,
    begin: float = 60,
    answer: float = 0,
    end: float = 90,
    application: str = "Queue",
    caller: str = CALLER,
) -> str:
    """Times in seconds since LOST; `answer` 0 is never."""
    start, ended = ((LOST + timedelta(seconds=at)).timestamp() for at in (begin, end))
    answered = (LOST + timedelta(seconds=answer)).timestamp() if answer else 0
    return (
        f"1795755792.1,1795755792.1,PJSIP/trunk-loopback-0001,{partner},{answered:f},{ended:f},"
        f"{disposition},{application},{start:f},{DID} {RECORDING},{caller}\n"
    )


def told(file: Path, *lines: str, since: datetime = LOST) -> RecordingSink:
    sink = RecordingSink()
    tracker = Tracker("pbx1", sink, records=CallRecords(file))
    tracker.take(LinkLost(since))
    tracker.take(Snapshot(BACK, ()))
    assert not tracker.tell_unwatched()
    # Asterisk writes a record a moment after the call is gone.
    file.write_text("".join(lines))
    tracker.take(Heard(HEARD))
    tracker.take(Heard(HEARD + timedelta(seconds=3)))
    assert sink.heard_at is None, "not all is told yet"
    while tracker.tell_unwatched():
        pass
    assert sink.heard_at == HEARD
    return sink


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "omniline.csv"


def test_one_that_was_answered_is_told_whole(file: Path) -> None:
    sink = told(
        file,
        line("PJSIP/agent-102-0003", "NO ANSWER", end=70),
        line("PJSIP/agent-101-0002", "ANSWERED", answer=65),
    )
    ((call, events),) = sink.unwatched
    assert (call.direction, call.caller, call.dialled) == (Direction.INBOUND, CALLER, DID)
    assert call.started_at == LOST + timedelta(seconds=60)
    assert (call.ended_at, call.outcome) == (LOST + timedelta(seconds=90), Outcome.ANSWERED)
    assert call.recording == RECORDING
    assert {summarise(event) for event in events} >= {
        "CallStarted",
        "AgentAnswered 101",
        "AgentLeft 101",
        "CallEnded answered",
    }
    assert sink.calls == {}


def test_one_that_nobody_took_is_work(file: Path) -> None:
    ((call, _),) = told(file, line("PJSIP/agent-101-0002", "NO ANSWER")).unwatched
    assert (call.outcome, call.answered_at, call.recording) == (Outcome.ABANDONED, None, None)


@pytest.mark.parametrize(("begin", "end"), [(-4, 30), (-4, -2), (60, 600.5)])
def test_one_at_the_edge_of_the_gap_is_told_if_only_to_be_recognised(
    file: Path, begin: float, end: float
) -> None:
    """An answered ping may overtake the event of a call; a call may end while the snapshot is made."""
    assert len(told(file, line("", "NO ANSWER", begin=begin, end=end)).unwatched) == 1


def test_a_caller_may_call_itself_anything(file: Path) -> None:
    ((call, _),) = told(file, line("", "NO ANSWER", caller='"x",y')).unwatched
    assert call.caller


@pytest.mark.parametrize(
    "lines",
    [
        (line("", "NO ANSWER", begin=-6),),
        (line("", "NO ANSWER", begin=-6), line("PJSIP/agent-101-0002", "ANSWERED", answer=5)),
        (",".join(line("", "NO ANSWER").split(",")[:8]) + "\n",),
        (line("", "NO ANSWER").replace("1795755792.1,", "omni-1,"),),
    ],
    ids=["begun before", "half of it before", "a line of an older home", "a leg of ours"],
)
def test_what_was_watched_in_part_or_is_none_of_ours_is_left_out(file: Path, lines: tuple[str, ...]) -> None:
    assert told(file, *lines).unwatched == []


def test_what_a_second_break_kept_from_being_told_is_told_after_it(file: Path) -> None:
    file.write_text(line("PJSIP/agent-101-0002", "NO ANSWER"))
    sink = RecordingSink()
    tracker = Tracker("pbx1", sink, records=CallRecords(file))
    tracker.take(LinkLost(LOST))
    tracker.take(Snapshot(BACK, ()))
    tracker.take(Heard(HEARD))
    tracker.take(LinkLost(BACK + timedelta(seconds=2)))
    assert not tracker.tell_unwatched()
    tracker.take(Snapshot(BACK + timedelta(seconds=4), ()))
    tracker.take(Heard(BACK + timedelta(seconds=5)))
    while tracker.tell_unwatched():
        pass
    assert len(sink.unwatched) == 1
    assert sink.heard_at == BACK + timedelta(seconds=5)

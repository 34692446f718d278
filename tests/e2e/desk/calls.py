"""The telephone calls that the fake desk server shows, what was spoken, and those that wait for somebody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from bridge.domain.call import (
    CallDetail,
    CallLeg,
    CallRecording,
    CallSummary,
    RecordingTranscript,
    Stage,
    TranscriptState,
)
from bridge.domain.customer import Customer
from bridge.domain.times import iso, utc_now
from bridge.domain.work import WorkItem
from tests.e2e.desk.people import DID, FIRM, IRYNA, OLENA, before
from transcripts.interface import Speaker, Utterance, Word

RECORDING = "recording-1"
CALL_PREFIX = "01900000-0000-7000-a000-"


def summary(number: int, caller: str, customer: Customer | None, **fields: Any) -> CallSummary:
    given: dict[str, Any] = {
        "direction": "inbound",
        "queue": "support",
        "state": "open",
        "outcome": None,
        "started_at": iso(utc_now()),
        "answered_at": None,
        "ended_at": None,
        "answered_by": None,
        "owner_id": None,
        "owner": None,
        "handled_at": None,
    }
    return CallSummary(
        id=f"{CALL_PREFIX}{number:012d}",
        pbx="main",
        linkedid=str(number),
        caller=caller,
        dialled=DID,
        customer_id=customer.id if customer else None,
        customer_name=customer.name if customer else None,
        **(given | fields),
    )


def ended(number: int, caller: str, customer: Customer | None, minutes: float, outcome: str) -> CallSummary:
    now = utc_now()
    answered = before(now, minutes=minutes - 0.2) if outcome == "answered" else None
    return summary(
        number,
        caller,
        customer,
        state="ended",
        outcome=outcome,
        started_at=before(now, minutes=minutes),
        answered_at=answered,
        ended_at=before(now, minutes=minutes - 3.4),
        answered_by="Андрій Мельник" if answered else None,
    )


def past_calls() -> list[CallSummary]:
    return [
        ended(16, "+380671112233", IRYNA, 21, "answered"),
        ended(15, "+380935550199", None, 47, "abandoned"),
        ended(14, "", None, 95, "voicemail"),
        ended(13, "+380445450100", FIRM, 130, "answered"),
        ended(6, "+380501234567", OLENA, 60 * 48 + 4, "answered"),
    ]


def open_work() -> list[WorkItem]:
    """Newest first: tried three times; a voicemail with its words; one that a colleague has taken."""
    message = CallRecording(
        id=RECORDING, kind="voicemail", state="ready", duration_ms=3_000, transcript=message_words()
    )
    new, voicemail, taken = (
        ended(25, "+380935550199", None, 12, "abandoned"),
        ended(24, "+380501234567", OLENA, 41, "voicemail"),
        ended(23, "", None, 95, "no_answer"),
    )
    taken = msgspec.structs.replace(taken, owner_id="agent-2", owner="Марія Ткач")
    return [
        WorkItem(
            key=new.caller, call=new, attempts=3, first_at=ended(22, "", None, 70, "abandoned").started_at
        ),
        WorkItem(
            key=voicemail.caller,
            call=voicemail,
            attempts=1,
            first_at=voicemail.started_at,
            voicemails=[message],
        ),
        WorkItem(key=taken.id, call=taken, attempts=1, first_at=taken.started_at),
    ]


def detail_of(call: CallSummary, words: RecordingTranscript | None = None) -> CallDetail:
    started = datetime.fromisoformat(call.started_at)
    steps = [
        ("invite", 0, None, None),
        ("identified", 9, None, "known"),
        ("pop_sent", 31, "101", None),
        ("ringing", 38, "101", None),
        ("ringing", 41, "102", None),
        ("pop_shown", 74, "101", None),
        ("answered", 6_412, "101", None),
        ("withdrawn", 6_413, "102", "answered_elsewhere"),
        ("ended", 198_502, None, "answered"),
    ]
    stages = [
        Stage(stage=stage, at=iso(started + timedelta(milliseconds=at)), extension=extension, detail=detail)
        for stage, at, extension, detail in steps
    ]
    at = [stage.at for stage in stages]
    legs = [
        CallLeg(
            uniqueid="1",
            role="caller",
            state="ended",
            created_at=at[0],
            answered_at=at[6],
            ended_at=at[8],
            cause=16,
        ),
        CallLeg(
            uniqueid="2",
            role="agent",
            state="ended",
            extension="101",
            created_at=at[2],
            ringing_at=at[3],
            answered_at=at[6],
            ended_at=at[8],
            cause=16,
        ),
        CallLeg(
            uniqueid="3",
            role="agent",
            state="ended",
            extension="102",
            created_at=at[2],
            ringing_at=at[4],
            ended_at=at[7],
            cause=26,
        ),
    ]
    recording = CallRecording(
        id=RECORDING, kind="call", state="ready", duration_ms=192_000, transcript=words or transcript()
    )
    fields = {name: getattr(call, name) for name in call.__struct_fields__}
    return CallDetail(**fields, stages=stages, legs=legs, recordings=[recording])


def turn(speaker: Speaker, first: int, *texts: str) -> Utterance:
    """Each word lasts 400 ms."""
    words = tuple(
        Word(text=text, start_ms=400 * n, end_ms=400 * n + 400, confidence=0.9)
        for n, text in enumerate(texts, first)
    )
    return Utterance(speaker, words[0].start_ms, words[-1].end_ms, " ".join(texts), words)


def transcript(*turns: Utterance, language: str = "en") -> RecordingTranscript:
    """Two turns where none are given."""
    spoken = turns or (turn(Speaker.CALLER, 1, "where", "is"), turn(Speaker.AGENT, 3, "on", "friday"))
    return RecordingTranscript(
        state=TranscriptState.READY,
        entry_id="entry-transcript",
        language=language,
        model=f"{language}-telephone-small",
        utterances=list(spoken),
    )


def message_words() -> RecordingTranscript:
    return transcript(turn(Speaker.CALLER, 1, "передзвоніть", "мені", "про", "замовлення"), language="uk")

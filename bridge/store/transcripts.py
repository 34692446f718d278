"""What is to be transcribed, and what came of it. The words themselves are an entry of the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Text, and_, bindparam, cast, delete, func, insert, select

from bridge.domain.call import RecordingTranscript, TranscriptState, WhyWordless
from bridge.domain.topic import Topic
from bridge.store.schema import call, customer, outbox, recording, timeline_entry, transcript_failure
from transcripts.interface import Utterance

SOURCE: Final = "transcript"
"""Of the entry; its source key is the recording's id."""


@dataclass(frozen=True, slots=True)
class RecordingToTranscribe:
    """`language` is the customer's own, as far as it is known; `name` as in `schema.recording`."""

    id: str
    call_id: str
    kind: str
    name: str
    started_at: datetime
    direction: str
    dialled: str
    language: str | None


_leaf = customer.alias("leaf")
_canonical = customer.alias("canonical")
_to_transcribe = (
    select(
        recording.c.id,
        recording.c.call_id,
        recording.c.kind,
        recording.c.name,
        recording.c.started_at,
        call.c.direction,
        call.c.dialled,
        func.coalesce(_canonical.c.language, _leaf.c.language).label("language"),
    )
    .join(call, call.c.id == recording.c.call_id)
    .outerjoin(_leaf, _leaf.c.id == call.c.customer_id)
    .outerjoin(_canonical, _canonical.c.id == _leaf.c.canonical_id)
    .where(recording.c.id == bindparam("of_recording"), recording.c.state == "ready")
)
_states = (
    select(
        recording.c.id,
        timeline_entry.c.id.label("entry_id"),
        timeline_entry.c.payload,
        transcript_failure.c.reason,
        outbox.c.id.label("work_id"),
    )
    .outerjoin(
        timeline_entry,
        and_(timeline_entry.c.source == SOURCE, timeline_entry.c.source_key == cast(recording.c.id, Text)),
    )
    .outerjoin(transcript_failure, transcript_failure.c.recording_id == recording.c.id)
    .outerjoin(outbox, and_(outbox.c.topic == Topic.TRANSCRIBE, outbox.c.key == cast(recording.c.id, Text)))
    .where(recording.c.call_id == bindparam("of_call"))
)
_forget_failure = delete(transcript_failure).where(
    transcript_failure.c.recording_id == bindparam("of_recording")
)


def find_recording(connection: Connection, recording_id: str) -> RecordingToTranscribe | None:
    """None when it is gone, or not ready to be heard."""
    row = connection.execute(_to_transcribe, {"of_recording": recording_id}).one_or_none()
    return None if row is None else RecordingToTranscribe(*row)


def set_failure(connection: Connection, recording_id: str, reason: WhyWordless, at: datetime) -> None:
    """It has no words, and why; the newest reason stays."""
    connection.execute(_forget_failure, {"of_recording": recording_id})
    connection.execute(insert(transcript_failure), {"recording_id": recording_id, "reason": reason, "at": at})


def states_of_call(connection: Connection, call_id: str) -> dict[str, RecordingTranscript]:
    """By recording; one that nobody ever wanted to transcribe is not in it."""
    rows = connection.execute(_states, {"of_call": call_id})
    return {row.id: state for row in rows if (state := _state(row)) is not None}


def _state(row: Any) -> RecordingTranscript | None:
    if row.entry_id is not None:
        # A redacted entry has an empty payload.
        return RecordingTranscript(
            state=TranscriptState.READY,
            entry_id=row.entry_id,
            language=row.payload.get("language"),
            model=row.payload.get("model"),
            utterances=msgspec.convert(row.payload.get("utterances", []), list[Utterance]),
        )
    if row.work_id is not None:
        return RecordingTranscript(state=TranscriptState.WAITING)
    if row.reason is not None:
        return RecordingTranscript(state=TranscriptState.FAILED, reason=row.reason)
    return None

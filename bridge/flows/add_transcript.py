"""The words of a recording become one entry, filed with its call; or it is said why there are none.

Both finish the work in the same transaction: wherever a process is killed, there is one transcript in the end. An
entry takes its customer from its call, so one that comes after the call was filed goes to the right person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import msgspec
from sqlalchemy import Connection

from bridge.domain.call import TranscriptState, WhyWordless
from bridge.domain.catalogue import say
from bridge.domain.entry import EntryDirection, EntryKind
from bridge.domain.live import EVERYONE
from bridge.flows.append_entry import PHONE, append_and_tell
from bridge.store import calls, feed, outbox, transcripts
from bridge.store.calls import NewStage
from bridge.store.timeline import NewEntry
from bridge.store.transcripts import RecordingToTranscribe
from transcripts.interface import Transcript

STAGE: Final = "transcript"
"""The call's last stage; its detail says why there are no words."""


def add_transcript(
    connection: Connection,
    work_id: str,
    recording: RecordingToTranscribe,
    transcript: Transcript,
    at: datetime,
) -> None:
    """Append the entry, unless somebody else finished the work meanwhile. It stands after what was said before it."""
    if not outbox.finish(connection, work_id):
        return
    appended = append_and_tell(
        connection,
        NewEntry(
            kind=EntryKind.TRANSCRIPT,
            source=transcripts.SOURCE,
            source_key=recording.id,
            at=recording.started_at + timedelta(milliseconds=transcript.duration_ms),
            body=text_of(transcript),
            channel=PHONE,
            direction=EntryDirection(recording.direction),
            call_id=recording.call_id,
            payload={"recording_id": recording.id, **msgspec.to_builtins(transcript)},
        ),
    )
    calls.add_stages(connection, recording.call_id, [NewStage(STAGE, at)])
    _tell(connection, recording, at, state=TranscriptState.READY, entry_id=appended.id)


def fail_transcript(
    connection: Connection, work_id: str, recording: RecordingToTranscribe, reason: WhyWordless, at: datetime
) -> None:
    """The call stays on the timeline without words."""
    if not outbox.finish(connection, work_id):
        return
    transcripts.set_failure(connection, recording.id, reason, at)
    calls.add_stages(connection, recording.call_id, [NewStage(STAGE, at, detail=reason)])
    _tell(connection, recording, at, state=TranscriptState.FAILED, reason=reason)


def text_of(transcript: Transcript) -> str:
    """The words, a line for each turn of a side, in the transcript's language."""
    turns = groupby(transcript.utterances, key=lambda utterance: utterance.speaker)
    return "\n".join(
        f"{say(f'speaker.{speaker}', transcript.language)}: {' '.join(each.text for each in turn)}"
        for speaker, turn in turns
    )


def _tell(connection: Connection, recording: RecordingToTranscribe, at: datetime, **said: str) -> None:
    data = {"call_id": recording.call_id, "recording_id": recording.id, **said}
    feed.append(connection, "transcript", EVERYONE, data, at)

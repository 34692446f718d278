"""Work of the topic `transcribe`: a ready recording goes to the recogniser, its words come back as an entry.

The language is the customer's own, else that of the number that was dialled, else the company's. What will never have
words is said so at once; a recogniser that dies is tried again, some times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from bridge.domain.call import WhyWordless
from bridge.domain.catalogue import LANGUAGES
from bridge.errors import NotFound, Transient
from bridge.flows import recording_files
from bridge.flows.add_transcript import add_transcript, fail_transcript
from bridge.settings import Settings
from bridge.store import outbox, transcripts
from bridge.store.engine import Database
from bridge.store.outbox import Work
from bridge.store.transcripts import RecordingToTranscribe
from transcripts import interface
from transcripts.interface import Speaker, TranscribeJob, Transcript, Unreadable, UnusableModel
from transcripts.models import choose_model

TRIES: Final = 8

log = structlog.get_logger()


class TranscribeRecording:
    """`transcribe` is the recogniser; `models` the folder of the home's models; `committed` is called after each commit."""

    def __init__(
        self,
        *,
        db: Database,
        settings: Settings,
        recordings: Path,
        models: Path,
        transcribe: Callable[[TranscribeJob], Awaitable[Transcript]],
        committed: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._settings = settings
        self._recordings = recordings
        self._models = models
        self._transcribe = transcribe
        self._committed = committed
        self._clock = clock

    async def __call__(self, work: Work) -> None:
        """Raises Transient when it is worth another try."""
        recording = await self._db.read(transcripts.find_recording, work.key)
        if recording is None:
            await self._db.write(outbox.finish, work.id)
            return
        try:
            transcript = await self._recognise(recording)
        except UnusableModel as error:
            await self._fail(work, recording, WhyWordless.NO_MODEL, error)
        except (Unreadable, NotFound) as error:
            await self._fail(work, recording, WhyWordless.UNREADABLE, error)
        except interface.Transient as error:
            if work.tries < TRIES:
                raise Transient(str(error)) from error
            await self._fail(work, recording, WhyWordless.WORKER, error)
        else:
            await self._db.write(add_transcript, work.id, recording, transcript, self._clock())
            self._committed()

    async def _recognise(self, recording: RecordingToTranscribe) -> Transcript:
        language = language_of(recording, self._settings)
        model = await asyncio.to_thread(
            choose_model, language, self._settings.transcripts.models.by_language(), self._models
        )
        sides = self._sides(recording)
        job = TranscribeJob(
            id=recording.id,
            sides={side: str(path) for side, path in sides.items()},
            language=language,
            model=str(model),
        )
        lengths = [_length(path) for path in sides.values()]
        transcript = await self._transcribe(job)
        if [_length(path) for path in sides.values()] != lengths:
            raise interface.Transient("the recording is still being written")
        return transcript

    def _sides(self, recording: RecordingToTranscribe) -> dict[Speaker, Path]:
        if recording.kind == "voicemail":
            return {Speaker.CALLER: recording_files.message_file(self._recordings, recording.name)}
        caller, agent = recording_files.sides(self._recordings, recording.name)
        return {Speaker.CALLER: caller, Speaker.AGENT: agent}

    async def _fail(
        self, work: Work, recording: RecordingToTranscribe, reason: WhyWordless, error: Exception
    ) -> None:
        log.warning("recording_without_words", recording_id=recording.id, reason=reason, error=str(error))
        await self._db.write(fail_transcript, work.id, recording, reason, self._clock())
        self._committed()


def _length(path: Path) -> int | None:
    """Bytes so far, None for no file."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def language_of(recording: RecordingToTranscribe, settings: Settings) -> str:
    """One of LANGUAGES."""
    if recording.language in LANGUAGES:
        return recording.language
    dialled = (did.language for did in settings.dids if did.number == recording.dialled)
    return next(dialled, settings.company.language)

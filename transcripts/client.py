"""The parent's side of `transcripts.worker`: starts it, gives it one job after the other, replaces it when it dies.

Which jobs there are, and how often one is tried, is the caller's to remember; nothing is kept here.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

import msgspec
import structlog

from transcripts.audio import open_recording
from transcripts.interface import (
    Answer,
    Done,
    Failed,
    Failure,
    Progress,
    Ready,
    TranscribeJob,
    Transcript,
    Transient,
    Unreadable,
    UnusableModel,
)

COMMAND = (sys.executable, "-m", "transcripts.worker")
LOADING_S = 120.0
"""Allowed for the start and the loading of a large model, before the audio."""
TIMES_AUDIO = 3.0
"""Allowed for the audio itself, as a multiple of the length of both sides together."""
FIRST_BACK_OFF_S, LONGEST_BACK_OFF_S = 0.5, 30.0
CLOSING_S = 2.0
LONGEST_LINE = 64 * 1024 * 1024
"""Three hours of talk without a pause are about 6 MB of JSON."""

_ANSWERS: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)
_log = structlog.get_logger(__name__)


class SpeechWorker:
    """One worker process, started with the first job. Jobs wait for each other; `async with` closes it in the end."""

    def __init__(
        self,
        command: tuple[str, ...] = COMMAND,
        *,
        loading_s: float = LOADING_S,
        first_back_off_s: float = FIRST_BACK_OFF_S,
    ) -> None:
        self._command = command
        self._loading_s = loading_s
        self._first_back_off_s = first_back_off_s
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._failures = 0
        self._not_before = 0.0

    async def __aenter__(self) -> SpeechWorker:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        process = self._process
        return process.pid if process and process.returncode is None else None

    async def transcribe(
        self, job: TranscribeJob, progress: Callable[[Progress], None] = lambda _: None
    ) -> Transcript:
        """Raises Unreadable or UnusableModel as the worker says, Transient when it died or took too long: the same
        job may be given again, and the next process is started after a back-off that doubles with each death."""
        async with self._turn:
            process = await self._running()
            try:
                async with asyncio.timeout(self._loading_s + TIMES_AUDIO * _length_s(job)):
                    transcript = await _ask(process, job, progress)
            except (Unreadable, UnusableModel):
                self._failures = 0
                raise
            except TimeoutError as error:
                await self._bury(process)
                raise Transient(f"the speech worker took too long over job {job.id}") from error
            except BaseException:  # the job that is under way must not answer to the next one
                await self._bury(process)
                raise
            self._failures = 0
            return transcript

    async def close(self) -> None:
        """Ends the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if process.stdin:
            process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_S):
                await process.wait()
        await _kill(process)

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            await asyncio.sleep(max(0.0, self._not_before - time.monotonic()))
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LONGEST_LINE,
                start_new_session=True,  # for its niceness, see the worker
            )
            _log.info("speech_worker_started", pid=self._process.pid)
        return self._process

    async def _bury(self, process: asyncio.subprocess.Process) -> None:
        await _kill(process)
        self._process = None
        self._failures += 1
        wait = min(self._first_back_off_s * 2 ** (self._failures - 1), LONGEST_BACK_OFF_S)
        self._not_before = time.monotonic() + wait
        _log.warning("speech_worker_ended", pid=process.pid, code=process.returncode, back_off_s=wait)


async def _ask(
    process: asyncio.subprocess.Process, job: TranscribeJob, progress: Callable[[Progress], None]
) -> Transcript:
    assert process.stdin is not None
    assert process.stdout is not None
    if process.stdin.is_closing():  # uvloop raises a RuntimeError for what is written then
        raise Transient(f"the speech worker died over job {job.id}")
    try:
        process.stdin.write(msgspec.json.encode(job) + b"\n")
        await process.stdin.drain()
        while line := await process.stdout.readline():
            answer = _ANSWERS.decode(line)
            match answer:
                case Done():
                    return answer.transcript
                case Failed():
                    raise _error(answer)
                case Progress():
                    progress(answer)
                case Ready():
                    pass
                case _:
                    assert_never(answer)
    except (BrokenPipeError, ConnectionResetError, msgspec.DecodeError) as error:
        raise Transient(f"the speech worker died over job {job.id}") from error
    raise Transient(f"the speech worker died over job {job.id}")


def _error(failed: Failed) -> Unreadable | UnusableModel:
    match failed.failure:
        case Failure.UNREADABLE:
            return Unreadable(failed.message)
        case Failure.UNUSABLE_MODEL:
            return UnusableModel(failed.message)


async def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _length_s(job: TranscribeJob) -> float:
    """Of both sides together; a side that cannot be read is the worker's to report."""
    length = 0.0
    for path in job.sides.values():
        with contextlib.suppress(Unreadable):
            length += open_recording(Path(path)).duration_ms / 1000
    return length

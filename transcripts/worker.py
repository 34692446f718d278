"""The process that recognises speech: `python -m transcripts.worker`.

Reads one TranscribeJob a line from standard input, does them in order, and writes one Answer a line to standard
output, all as JSON; libvosk's own messages go to standard error. When standard input closes, because the parent
closed it or died, the process ends at once, in the middle of a job too. It writes nothing but its answers, so that
it may be killed at any moment and the job given to the next one.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import msgspec

from transcripts.engine import Engine
from transcripts.interface import (
    Answer,
    Done,
    Failed,
    Failure,
    Progress,
    Ready,
    TranscribeJob,
    Unreadable,
    UnusableModel,
)

NICENESS = 10
"""Calls come first: beside a busy process of ours the worker gets a tenth of the core, which is still enough to finish."""


def main() -> None:
    _give_way()
    answers = _take_standard_output()
    jobs: queue.SimpleQueue[TranscribeJob] = queue.SimpleQueue()
    threading.excepthook = _end
    threading.Thread(target=_work, args=(jobs, answers), daemon=True).start()
    decoder = msgspec.json.Decoder(TranscribeJob)
    for line in sys.stdin.buffer:
        jobs.put(decoder.decode(line))
    os._exit(0)


def _give_way() -> None:
    """Where the kernel shares the processors out between sessions (sched(7), "The autogroup feature"), niceness counts
    inside one only: Asterisk, in a session of its own, would have no advantage over us."""
    os.nice(NICENESS)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):  # a kernel without it
            Path("/proc/self/autogroup").write_text(str(NICENESS), "ascii")


def _take_standard_output() -> BinaryIO:
    """Standard output for the answers alone: what any library prints goes to standard error from here on."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _work(jobs: queue.SimpleQueue[TranscribeJob], answers: BinaryIO) -> None:
    engine = Engine()
    _write(answers, Ready(os.getpid()))
    while True:
        _write(answers, _do(engine, jobs.get(), answers))


def _end(fault: threading.ExceptHookArgs) -> None:
    """Anything unforeseen ends the process, with its traceback: the parent starts another one."""
    sys.excepthook(fault.exc_type, fault.exc_value or fault.exc_type(), fault.exc_traceback)
    os._exit(1)


def _do(engine: Engine, job: TranscribeJob, answers: BinaryIO) -> Answer:
    def report(done_ms: int, total_ms: int) -> None:
        _write(answers, Progress(id=job.id, done_ms=done_ms, total_ms=total_ms))

    try:
        return Done(id=job.id, transcript=engine.transcribe(job, report))
    except Unreadable as error:
        return Failed(id=job.id, failure=Failure.UNREADABLE, message=str(error))
    except UnusableModel as error:
        return Failed(id=job.id, failure=Failure.UNUSABLE_MODEL, message=str(error))


def _write(answers: BinaryIO, answer: Answer) -> None:
    answers.write(msgspec.json.encode(answer) + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()

"""asr_overhead: what the way through the speech worker costs beside the bare recogniser, in CPU.

`bare` is Vosk's own loop over samples that lie in memory, one side after the other. `ours` is a job: file, pipe,
threads, JSON, both sides put in order; the parent's and the worker's CPU together. Goal: at most 2 ms more for each
second of audio.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import vosk

from benchmarks.harness import Ratio, Result, Size, measure
from benchmarks.processes import Server
from tests.fakes.speech import RATE, read_wav, speak, write_wav
from transcripts.client import SpeechWorker
from transcripts.interface import Speaker, TranscribeJob
from transcripts.models import SHIPPED

SECONDS = {Size.SMALL: 120, Size.FULL: 1200}
CHUNK = RATE * 2 // 5
ALLOWED_MS = 2.0
MODEL = SHIPPED / "en-telephone-small"
TEXTS = {Speaker.CALLER: "hello where is my parcel", Speaker.AGENT: "please wait your order is paid"}


def run(size: Size) -> Result:
    seconds = SECONDS[size]
    with (
        tempfile.TemporaryDirectory(prefix="omniline-asr-") as folder,
        contextlib.closing(asyncio.new_event_loop()) as loop,
    ):
        sides = {side: record(text, Path(folder) / f"{side}.wav", seconds) for side, text in TEXTS.items()}
        worker = SpeechWorker()
        try:
            samples = measure(
                {"bare": _bare(list(sides.values()), seconds), "ours": _ours(loop, worker, sides, seconds)}
            )
        finally:
            loop.run_until_complete(worker.close())
    pairs = zip(samples["ours"], samples["bare"], strict=True)
    samples["ours - bare"] = [ours - bare for ours, bare in pairs]
    samples["allowed"] = [ALLOWED_MS] * len(samples["ours"])
    return Result(
        "asr_overhead",
        "ms of CPU a second of audio",
        samples,
        [Ratio("ours - bare", "allowed", 1.0)],
        notes={"seconds of audio a round": seconds * len(TEXTS), "model": MODEL.name},
    )


def record(text: str, path: Path, seconds: int) -> Path:
    """The sentence with a pause after it, again and again."""
    once = read_wav(speak(text, "en", path, tail_s=2))
    wanted = seconds * RATE * 2
    write_wav(path, (once * (wanted // len(once) + 1))[:wanted])
    return path


def _bare(paths: list[Path], seconds: int) -> Callable[[], float]:
    vosk.SetLogLevel(-2)
    model = vosk.Model(str(MODEL))
    recorded = [read_wav(path) for path in paths]

    def sample() -> float:
        before = time.process_time()
        for samples in recorded:
            recogniser = vosk.KaldiRecognizer(model, RATE)
            recogniser.SetWords(True)
            for start in range(0, len(samples), CHUNK):
                if recogniser.AcceptWaveform(samples[start : start + CHUNK]):
                    recogniser.Result()
            recogniser.FinalResult()
        return (time.process_time() - before) / (seconds * len(paths)) * 1000

    return sample


def _ours(
    loop: asyncio.AbstractEventLoop, worker: SpeechWorker, sides: dict[Speaker, Path], seconds: int
) -> Callable[[], float]:
    job = TranscribeJob(
        id="1", sides={side: str(path) for side, path in sides.items()}, language="en", model=str(MODEL)
    )

    def sample() -> float:
        before = time.process_time() + _cpu_of(worker.pid)
        transcript = loop.run_until_complete(worker.transcribe(job))
        assert transcript.utterances
        return (time.process_time() + _cpu_of(worker.pid) - before) / (seconds * len(sides)) * 1000

    return sample


def _cpu_of(pid: int | None) -> float:
    """Seconds; 0 where the worker is not started yet."""
    return Server(pid, port=0).cpu_seconds() if pid else 0.0

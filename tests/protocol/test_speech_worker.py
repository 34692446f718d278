"""The speech worker over its pipe: words of both sides, what cannot be read, and being killed at any moment."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from benchmarks.processes import Server
from pbx.asterisk.find import find_program
from tests.fakes.speech import RATE, read_wav, silence, speak, write_wav
from transcripts.client import COMMAND, SpeechWorker
from transcripts.interface import (
    Progress,
    Speaker,
    TranscribeJob,
    Transcript,
    Transient,
    Unreadable,
    UnusableModel,
)
from transcripts.models import SHIPPED
from transcripts.training.vocabulary import Dialogue, get_vocabulary, list_languages
from transcripts.worker import NICENESS

ESPEAKS = [("espeak-ng",), tuple(find_program("espeak-ng") or ())]
"""The one of the tests and the one of `omniline call`, which may be of another version and speak otherwise."""
KILLS = 8
LONG_S = 120
MORE_MEMORY = 15_000_000
"""What the samples of the longer one alone are; the lattice of its longest utterance takes some of it."""


@pytest.fixture
async def worker() -> AsyncIterator[SpeechWorker]:
    async with SpeechWorker(first_back_off_s=0.01) as worker:
        yield worker


def job(sides: dict[Speaker, Path], language: str = "en", *, model: Path | None = None) -> TranscribeJob:
    return TranscribeJob(
        id="job",
        sides={side: str(path) for side, path in sides.items()},
        language=language,
        model=str(model or SHIPPED / f"{language}-telephone-small"),
    )


def two_sides(
    dialogue: Dialogue, language: str, folder: Path, espeak: Sequence[str] = ESPEAKS[0]
) -> dict[Speaker, Path]:
    """The agent answers when the caller has finished."""
    caller = speak(dialogue.caller, language, folder / "caller.wav", espeak=espeak)
    caller_s = len(read_wav(caller)) / 2 / RATE
    agent = speak(dialogue.agent, language, folder / "agent.wav", lead_s=caller_s, espeak=espeak)
    return {Speaker.CALLER: caller, Speaker.AGENT: agent}


@pytest.fixture(scope="module")
def long_call(tmp_path_factory: pytest.TempPathFactory) -> dict[Speaker, Path]:
    """A call of two minutes: long enough to be killed in the middle of."""
    folder = tmp_path_factory.mktemp("long")
    sides = {}
    for side, text in ((Speaker.CALLER, "hello where is my parcel"), (Speaker.AGENT, "please wait")):
        once = read_wav(speak(text, "en", folder / f"{side}.once.wav", tail_s=1.5))
        sides[side] = folder / f"{side}.wav"
        write_wav(sides[side], (once * (LONG_S * RATE * 2 // len(once) + 1))[: LONG_S * RATE * 2])
    return sides


class Used(NamedTuple):
    """CPU seconds and the most memory so far, in bytes."""

    cpu_s: float
    most_memory: int

    @classmethod
    def by(cls, worker: SpeechWorker) -> Used:
        assert worker.pid
        status = Path(f"/proc/{worker.pid}/status").read_text()
        (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
        return cls(Server(worker.pid, port=0).cpu_seconds(), int(peak) * 1024)


def said(transcript: Transcript, speaker: Speaker) -> list[str]:
    return [
        word.text
        for utterance in transcript.utterances
        if utterance.speaker is speaker
        for word in utterance.words
    ]


@pytest.mark.parametrize("espeak", ESPEAKS, ids=["the machine's espeak-ng", "the prefix's"])
@pytest.mark.parametrize("language", list_languages())
async def test_sentences_of_the_sample_are_understood(
    worker: SpeechWorker, tmp_path: Path, language: str, espeak: Sequence[str]
) -> None:
    """At most one word of the sample's dialogues is wrong."""
    wrong = 0
    for dialogue in get_vocabulary(language).dialogues:
        transcript = await worker.transcribe(job(two_sides(dialogue, language, tmp_path, espeak), language))
        for speaker, text in ((Speaker.CALLER, dialogue.caller), (Speaker.AGENT, dialogue.agent)):
            heard = said(transcript, speaker)
            wrong += len(set(text.split()) ^ set(heard))
    assert wrong <= 1


async def test_transcript_has_both_sides_in_time_order(worker: SpeechWorker, tmp_path: Path) -> None:
    dialogue = get_vocabulary("en").dialogues[0]
    sides = two_sides(dialogue, "en", tmp_path)
    transcript = await worker.transcribe(job(sides))
    assert [u.speaker for u in transcript.utterances] == [Speaker.CALLER, Speaker.AGENT]
    assert transcript.model == "en-telephone-small"
    assert transcript.duration_ms == len(read_wav(sides[Speaker.AGENT])) // 16
    for utterance in transcript.utterances:
        assert utterance.text == " ".join(word.text for word in utterance.words)
        assert (utterance.start_ms, utterance.end_ms) == (
            utterance.words[0].start_ms,
            utterance.words[-1].end_ms,
        )
        for before, after in zip(utterance.words, utterance.words[1:], strict=False):
            assert before.start_ms < before.end_ms <= after.start_ms
        assert all(0 < word.confidence <= 1 for word in utterance.words)
    caller, agent = transcript.utterances
    assert abs(caller.start_ms - 300) < 150  # espeak-ng begins with some silence of its own
    assert agent.start_ms >= caller.end_ms


async def test_silence_and_a_missing_answer_have_no_words(worker: SpeechWorker, tmp_path: Path) -> None:
    write_wav(tmp_path / "silent.wav", silence(20))
    write_wav(tmp_path / "nothing.wav", b"")
    sides = {Speaker.CALLER: tmp_path / "silent.wav", Speaker.AGENT: tmp_path / "nothing.wav"}
    transcript = await worker.transcribe(job(sides))
    assert transcript.utterances == ()
    assert transcript.duration_ms == 20000


async def test_voicemail_has_one_side(worker: SpeechWorker, tmp_path: Path) -> None:
    path = speak("please call me back tomorrow", "en", tmp_path / "voicemail.wav")
    transcript = await worker.transcribe(job({Speaker.CALLER: path}))
    assert said(transcript, Speaker.CALLER) == ["please", "call", "me", "back", "tomorrow"]


async def test_cut_recording_keeps_the_words_before_the_cut(worker: SpeechWorker, tmp_path: Path) -> None:
    path = speak("hello hello hello seven seven seven", "en", tmp_path / "caller.wav")
    os.truncate(path, path.stat().st_size // 2)
    assert "hello" in said(await worker.transcribe(job({Speaker.CALLER: path})), Speaker.CALLER)


async def test_what_cannot_be_read_or_used_ends_the_job_and_not_the_worker(
    worker: SpeechWorker, tmp_path: Path
) -> None:
    good = speak("yes", "en", tmp_path / "caller.wav")
    await worker.transcribe(job({Speaker.CALLER: good}))
    pid = worker.pid
    (tmp_path / "noise.wav").write_bytes(random.Random(1).randbytes(5000))
    for path in (tmp_path / "noise.wav", tmp_path / "none.wav"):
        with pytest.raises(Unreadable, match=path.name):
            await worker.transcribe(job({Speaker.CALLER: good, Speaker.AGENT: path}))
    with pytest.raises(UnusableModel, match="no such folder"):
        await worker.transcribe(job({Speaker.CALLER: good}, model=tmp_path / "none"))
    broken = Path(shutil.copytree(SHIPPED / "en-telephone-small", tmp_path / "broken"))
    os.truncate(broken / "am/final.mdl", 10_000)
    with pytest.raises(UnusableModel, match="does not load"):
        await worker.transcribe(job({Speaker.CALLER: good}, model=broken))
    aborting = Path(shutil.copytree(SHIPPED / "en-telephone-small", tmp_path / "aborting"))
    (aborting / "conf/model.conf").write_text("--beam=13\n")
    with pytest.raises(UnusableModel, match="silence-phones"):
        await worker.transcribe(job({Speaker.CALLER: good}, model=aborting))
    assert said(await worker.transcribe(job({Speaker.CALLER: good})), Speaker.CALLER) == ["yes"]
    assert worker.pid == pid


async def test_worker_killed_at_any_moment_does_no_harm(
    worker: SpeechWorker, long_call: dict[Speaker, Path]
) -> None:
    whole = await worker.transcribe(job(long_call))
    assert len(whole.utterances) > 25
    rng = random.Random(7)
    killed = 0
    for _ in range(KILLS):
        running = asyncio.create_task(worker.transcribe(job(long_call)))
        await asyncio.sleep(rng.uniform(0.05, 0.8))
        if worker.pid and not running.done():
            os.kill(worker.pid, signal.SIGKILL)
            with pytest.raises(Transient, match="died"):
                await running
            killed += 1
        await running if not running.done() else None
    assert killed > KILLS // 2
    assert await worker.transcribe(job(long_call)) == whole


async def test_worker_gives_way_to_calls(worker: SpeechWorker, tmp_path: Path) -> None:
    """Inside a session and, where the kernel shares the processors out between sessions, as one."""
    await worker.transcribe(job({Speaker.CALLER: speak("yes", "en", tmp_path / "caller.wav")}))
    assert worker.pid
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) == min(ours + NICENESS, 19)
    assert os.getsid(worker.pid) == worker.pid
    autogroup = Path(f"/proc/{worker.pid}/autogroup")
    assert not autogroup.exists() or autogroup.read_text().endswith(f" nice {NICENESS}\n")


async def test_job_given_up_does_not_answer_the_next_one(
    worker: SpeechWorker, long_call: dict[Speaker, Path], tmp_path: Path
) -> None:
    running = asyncio.create_task(worker.transcribe(job(long_call)))
    await asyncio.sleep(0.3)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    path = speak("yes", "en", tmp_path / "caller.wav")
    assert said(await worker.transcribe(job({Speaker.CALLER: path})), Speaker.CALLER) == ["yes"]


async def test_a_long_call_costs_as_much_a_second_as_a_short_one(long_call: dict[Speaker, Path]) -> None:
    """A call eight times as long takes eight times the CPU and hardly more memory; its progress is told.

    CPU grows by the square of the length where a recogniser is not asked for what it has understood.
    """
    told: list[Progress] = []
    short = long_call[Speaker.CALLER]
    quarter = short.with_name("quarter.wav")
    write_wav(quarter, read_wav(short) * 8)
    async with SpeechWorker() as worker:
        await worker.transcribe(job({Speaker.CALLER: short}))  # the model is loaded
        before = Used.by(worker)
        await worker.transcribe(job({Speaker.CALLER: short}))
        once = Used.by(worker)
        await worker.transcribe(job({Speaker.CALLER: quarter}), told.append)
        long = Used.by(worker)
    assert long.cpu_s - once.cpu_s < 4 * 8 * (once.cpu_s - before.cpu_s)
    assert long.most_memory - once.most_memory < MORE_MEMORY
    assert told
    assert all(p.id == "job" and p.total_ms == 960_000 and 0 <= p.done_ms <= p.total_ms for p in told)
    assert [p.done_ms for p in told] == sorted(p.done_ms for p in told)


async def test_worker_ends_with_its_parent_in_the_middle_of_a_job(long_call: dict[Speaker, Path]) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    assert b'"type":"ready"' in await process.stdout.readline()
    process.stdin.write(msgspec.json.encode(job(long_call)) + b"\n")
    await process.stdin.drain()
    process.stdin.close()
    async with asyncio.timeout(30):
        assert await process.wait() == 0
    assert b"done" not in await process.stdout.read()


def fake(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


async def test_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    write_wav(tmp_path / "caller.wav", silence(0.01))
    async with SpeechWorker(fake("import sys; sys.stdin.read()"), loading_s=0.5) as worker:
        with pytest.raises(Transient, match="too long"):
            await worker.transcribe(job({Speaker.CALLER: tmp_path / "caller.wav"}))
        assert worker.pid is None


@pytest.mark.parametrize("code", ["", "input(); print('no JSON', flush=True); input()"])
async def test_worker_that_dies_or_babbles_is_started_again_more_and_more_slowly(code: str) -> None:
    async with SpeechWorker(fake(code), first_back_off_s=0.2) as worker:
        for least in (0.0, 0.2, 0.4):
            began = time.monotonic()
            with pytest.raises(Transient):
                await worker.transcribe(job({}))
            assert time.monotonic() - began >= least


async def test_jobs_wait_for_each_other(worker: SpeechWorker, tmp_path: Path) -> None:
    paths = [speak(text, "en", tmp_path / f"{text}.wav") for text in ("yes", "no", "hello")]
    transcripts = await asyncio.gather(*(worker.transcribe(job({Speaker.CALLER: path})) for path in paths))
    assert [said(t, Speaker.CALLER) for t in transcripts] == [["yes"], ["no"], ["hello"]]

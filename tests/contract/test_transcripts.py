"""From a ready recording to its words on the right timeline: by the real recogniser with the small models."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, update

from bridge.bus.memory import MemoryBus
from bridge.bus.outbox import OutboxConsumer
from bridge.domain.ports import Subject
from bridge.domain.times import utc_now
from bridge.domain.topic import Group, Topic
from bridge.flows.transcribe_recording import TRIES, TranscribeRecording
from bridge.settings import Did, Models, Settings, Transcripts
from bridge.store import outbox
from bridge.store.schema import customer
from pbx.interface import Outcome
from tests.contract.desk_server import Client, DeskServer, eventually, logged_in, serving
from tests.fakes.scripted_call import DID, ScriptedCall
from tests.fakes.speech import read_wav, silence, speak, write_wav
from transcripts.client import SpeechWorker
from transcripts.interface import TranscribeJob, Transcript, Transient
from transcripts.models import SHIPPED

pytestmark = pytest.mark.asyncio(loop_scope="module")

KNOWN, OTHER = "+380501110001", "+380501110002"
KILLS = 20
CALLER, AGENT = "hello where is my parcel", "good morning your parcel arrives friday"


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The two sides of one call, the agent after the caller."""
    folder = tmp_path_factory.mktemp("spoken")
    caller = speak(CALLER, "en", folder / "caller.wav")
    agent = speak(AGENT, "en", folder / "agent.wav", lead_s=len(read_wav(caller)) / 16000)
    return caller, agent


@pytest_asyncio.fixture(loop_scope="module")
async def server(url: str, tmp_path: Path) -> AsyncIterator[DeskServer]:
    async with serving(url, tmp_path) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def desk(server: DeskServer) -> AsyncIterator[Client]:
    async with logged_in(server, "103") as client:
        await client.follow()
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker() -> AsyncIterator[SpeechWorker]:
    """One for all tests that do not kill it: to start it and to load its model takes longer than a call's words."""
    async with SpeechWorker(first_back_off_s=0.01) as running:
        yield running


Recogniser = Callable[[TranscribeJob], Awaitable[Transcript]]


@asynccontextmanager
async def transcribing(
    server: DeskServer, transcribe: Recogniser, models: Models | None = None, language: str = "en"
) -> AsyncIterator[OutboxConsumer]:
    """The role transcribe beside a desk server."""
    settings = Settings(
        transcripts=Transcripts(models=models or Models()),
        dids=(Did(number=DID, queue="sales", language=language),),  # type: ignore[arg-type]
    )
    flow = TranscribeRecording(
        db=server.db,
        settings=settings,
        recordings=server.folders.recordings,
        models=server.folders.recordings.parent / "models",
        transcribe=transcribe,
        committed=partial(server.bus.tell, Subject.FEED),
        clock=server.clock,
    )
    consumer = OutboxConsumer(server.db, MemoryBus(), Group.TRANSCRIBER, flow, server.clock)
    task = asyncio.create_task(consumer.run())
    yield consumer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def record(server: DeskServer, name: str, spoken: tuple[Path, Path]) -> None:
    for side, path in zip(("caller", "agent"), spoken, strict=True):
        target = server.folders.recordings / f"{name}-{side}.wav"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def talk(server: DeskServer, number: str, name: str) -> ScriptedCall:
    """An answered call with the recording `name`."""
    call = ScriptedCall(server.calls, number)
    call.ring("101")
    call.recorded(name)
    call.answered("101")
    call.left("101")
    call.ended(Outcome.ANSWERED)
    return call


async def transcripts_of(desk: Client, customer_id: str) -> list[dict[str, Any]]:
    items = (await desk.get(f"customers/{customer_id}/timeline"))["items"]
    return [entry for entry in items if entry["kind"] == "transcript"]


async def recording_of(desk: Client, *, state: str, call_id: str | None = None) -> dict[str, Any]:
    """The recording of the newest (or the given) call once its transcript is in `state`."""

    async def probe() -> dict[str, Any] | None:
        calls = (await desk.get("calls"))["items"]
        if not calls:
            return None
        recordings = (await desk.get(f"calls/{call_id or calls[0]['id']}"))["recordings"]
        found: dict[str, Any] | None = next(
            (each for each in recordings if (each["transcript"] or {}).get("state") == state), None
        )
        return found

    result: dict[str, Any] = await eventually(probe)
    return result


async def test_both_sides_words_stand_on_the_timeline_in_the_order_of_time(
    server: DeskServer, desk: Client, worker: SpeechWorker, spoken: tuple[Path, Path]
) -> None:
    customer = await server.add_customer("Оксана", KNOWN)
    record(server, "1", spoken)
    async with transcribing(server, worker.transcribe):
        talk(server, KNOWN, "1")
        recording = await recording_of(desk, state="ready")
        (live,) = await desk.wait_for("transcript")
    (entry,) = await transcripts_of(desk, customer)
    assert entry["text"] == f"Caller: {CALLER}\nAgent: {AGENT}"
    assert (entry["source"], entry["source_key"], entry["channel"]) == (
        "transcript",
        recording["id"],
        "phone",
    )
    payload = entry["payload"]
    assert (payload["language"], payload["model"]) == ("en", "en-telephone-small")
    assert [each["speaker"] for each in payload["utterances"]] == ["caller", "agent"]
    for utterance in payload["utterances"]:
        assert utterance["start_ms"] < utterance["end_ms"] <= payload["duration_ms"]
        assert [w["text"] for w in utterance["words"]] == utterance["text"].split()
        assert all(0 < w["confidence"] <= 1 for w in utterance["words"])
    assert recording["transcript"]["utterances"] == payload["utterances"]
    assert live["data"]["entry_id"] == recording["transcript"]["entry_id"] == entry["id"]
    call = await desk.get(f"calls/{entry['call_id']}")
    assert call["stages"][-1]["stage"] == "transcript"


async def test_it_goes_to_whom_the_call_was_filed_under_before_it_came(
    server: DeskServer, desk: Client, worker: SpeechWorker, spoken: tuple[Path, Path]
) -> None:
    first, second = await server.add_customer("Оксана", KNOWN), await server.add_customer("Петро", OTHER)
    record(server, "1", spoken)
    filed = asyncio.Event()

    async def after_filing(job: TranscribeJob) -> Transcript:
        await filed.wait()
        return await worker.transcribe(job)

    async with transcribing(server, after_filing):
        talk(server, KNOWN, "1")
        await recording_of(desk, state="waiting")
        (call,) = (await desk.get("calls"))["items"]
        body = {"customer_id": second, "reason": "it was him"}
        status, answer = await desk.ask("POST", f"calls/{call['id']}/file", body)
        assert status == 200, answer
        filed.set()
        await recording_of(desk, state="ready")
    assert await transcripts_of(desk, first) == []
    assert len(await transcripts_of(desk, second)) == 1
    status, answer = await desk.ask("POST", f"filings/{answer['filing_id']}/undo", {})
    assert status == 200, answer
    assert len(await transcripts_of(desk, first)) == 1


async def test_a_voicemail_has_words_too_in_its_customers_language(
    server: DeskServer, desk: Client, worker: SpeechWorker
) -> None:
    """The customer's own language goes before that of the number that was called."""
    server.folders.voicemail.mkdir(parents=True)
    speak("алло мой товар сломан", "ru", server.folders.voicemail / "msg0000.wav")
    customer = await server.add_customer("Иван", KNOWN)
    await server.db.write(set_language, customer, "ru")
    async with transcribing(server, worker.transcribe):
        call = ScriptedCall(server.calls, KNOWN)
        call.ring("101")
        call.left_message("msg0000")
        call.ended(Outcome.VOICEMAIL)
        await recording_of(desk, state="ready")
    (entry,) = await transcripts_of(desk, customer)
    assert entry["text"] == "Звонящий: алло мой товар сломан"
    assert entry["payload"]["language"] == "ru"


def set_language(connection: Connection, customer_id: str, language: str) -> None:
    connection.execute(update(customer).where(customer.c.id == customer_id).values(language=language))


async def test_the_language_of_the_number_that_was_called_is_the_next_best(
    server: DeskServer, desk: Client, spoken: tuple[Path, Path]
) -> None:
    asked: list[TranscribeJob] = []

    async def note(job: TranscribeJob) -> Transcript:
        asked.append(job)
        return Transcript(job.language, "none", 0, ())

    record(server, "1", spoken)
    async with transcribing(server, note, language="uk"):
        talk(server, KNOWN, "1")
        await recording_of(desk, state="ready")
    assert (asked[0].language, Path(asked[0].model).name) == ("uk", "uk-telephone-small")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


BAD: dict[str, Callable[[Path], object]] = {
    "gone": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "no audio": lambda path: path.write_bytes(b"this is not audio" * 1000),
    "a header of another kind": lambda path: path.write_bytes(b"RIFF\0\0\0\0WAVEfmt " + bytes(4000)),
}


@pytest.mark.parametrize("damage", list(BAD.values()), ids=list(BAD))
async def test_a_recording_that_is_no_audio_leaves_the_call_without_words_and_says_so(
    server: DeskServer,
    desk: Client,
    worker: SpeechWorker,
    spoken: tuple[Path, Path],
    damage: Callable[[Path], object],
) -> None:
    customer = await server.add_customer("Оксана", KNOWN)
    record(server, "1", spoken)
    reading = asyncio.Event()

    async def later(job: TranscribeJob) -> Transcript:
        await reading.wait()
        return await worker.transcribe(job)

    async with transcribing(server, later) as consumer:
        talk(server, KNOWN, "1")
        await recording_of(desk, state="waiting")
        for side in ("caller", "agent"):
            damage(server.folders.recordings / f"1-{side}.wav")
        reading.set()
        recording = await recording_of(desk, state="failed")
        assert recording["transcript"]["reason"] == "unreadable"
        await eventually(lambda: consumer.waiting == 0)
        (live,) = await desk.wait_for("transcript")
        assert (live["data"]["state"], live["data"]["reason"]) == ("failed", "unreadable")
        # The next one is not held up by it.
        record(server, "2", spoken)
        talk(server, KNOWN, "2")
        await recording_of(desk, state="ready")
    assert len(await transcripts_of(desk, customer)) == 1


async def test_what_was_cut_short_or_is_silent_is_read_as_far_as_it_goes(
    server: DeskServer, desk: Client, worker: SpeechWorker, spoken: tuple[Path, Path]
) -> None:
    customer = await server.add_customer("Оксана", KNOWN)
    record(server, "1", spoken)
    cut(server.folders.recordings / "1-agent.wav")
    record(server, "2", spoken)
    for side in ("caller", "agent"):
        write_wav(server.folders.recordings / f"2-{side}.wav", silence(3))
    async with transcribing(server, worker.transcribe):
        talk(server, KNOWN, "1")
        await recording_of(desk, state="ready")
        talk(server, KNOWN, "2")
        await desk.wait_for("transcript", 2)
    silent, whole = await transcripts_of(desk, customer)
    assert whole["text"].startswith(f"Caller: {CALLER}")
    assert (silent["text"], silent["payload"]["utterances"]) == ("", [])


async def test_a_recording_that_is_still_being_written_is_read_again(
    server: DeskServer, desk: Client, worker: SpeechWorker, spoken: tuple[Path, Path]
) -> None:
    customer = await server.add_customer("Оксана", KNOWN)
    record(server, "1", spoken)
    growing, whole = server.folders.recordings / "1-agent.wav", spoken[1].read_bytes()
    cut(growing)
    read: list[Transcript] = []

    async def writing(job: TranscribeJob) -> Transcript:
        read.append(await worker.transcribe(job))
        growing.write_bytes(whole)
        return read[-1]

    async with transcribing(server, writing) as consumer:
        talk(server, KNOWN, "1")
        await eventually(lambda: len(read) == 1 and consumer.waiting == 1)
        server.clock.ahead += timedelta(minutes=1)
        await recording_of(desk, state="ready")
    (entry,) = await transcripts_of(desk, customer)
    assert entry["text"] == f"Caller: {CALLER}\nAgent: {AGENT}"
    assert [side.speaker for side in read[0].utterances] == ["caller"]


@pytest.mark.parametrize("damage", ["not named", "not there", "incomplete"])
async def test_without_a_model_the_call_has_no_words_and_says_why(
    server: DeskServer, desk: Client, worker: SpeechWorker, spoken: tuple[Path, Path], damage: str
) -> None:
    folder = server.folders.recordings.parent / "models/half"
    if damage == "incomplete":
        shutil.copytree(SHIPPED / "en-telephone-small", folder)
        (folder / "conf/model.conf").write_text("--beam=13\n")
    name = {"not named": "", "not there": "nowhere", "incomplete": "half"}[damage]
    customer = await server.add_customer("Оксана", KNOWN)
    record(server, "1", spoken)
    async with transcribing(server, worker.transcribe, models=Models(en=name)):
        talk(server, KNOWN, "1")
        recording = await recording_of(desk, state="failed")
    assert recording["transcript"]["reason"] == "no_model"
    timeline = (await desk.get(f"customers/{customer}/timeline"))["items"]
    assert [entry["kind"] for entry in timeline] == ["call"]


async def test_a_recogniser_that_always_dies_is_given_up(
    server: DeskServer, desk: Client, spoken: tuple[Path, Path]
) -> None:
    tries = 0

    async def die(job: TranscribeJob) -> Transcript:
        nonlocal tries
        tries += 1
        raise Transient("it died")

    record(server, "1", spoken)
    async with transcribing(server, die):
        talk(server, KNOWN, "1")
        await recording_of(desk, state="waiting")
        while tries < TRIES:
            before = tries
            server.clock.ahead += timedelta(minutes=11)
            await eventually(lambda before=before: tries > before)
        recording = await recording_of(desk, state="failed")
    assert (recording["transcript"]["reason"], tries) == ("worker", TRIES)


async def test_asked_for_again_there_is_still_one(
    server: DeskServer, desk: Client, worker: SpeechWorker, spoken: tuple[Path, Path]
) -> None:
    """As when the row comes back from a backup that has the entry already."""
    customer = await server.add_customer("Оксана", KNOWN)
    record(server, "1", spoken)
    async with transcribing(server, worker.transcribe) as consumer:
        talk(server, KNOWN, "1")
        recording = await recording_of(desk, state="ready")
        await server.db.write(outbox.put, Topic.TRANSCRIBE, recording["id"], utc_now())
        await eventually(lambda: consumer.waiting == 1)
        await eventually(lambda: consumer.waiting == 0)
    assert len(await transcripts_of(desk, customer)) == 1


@pytest.mark.fault
async def test_the_worker_killed_at_any_moment_makes_one_transcript_each(
    server: DeskServer, desk: Client, spoken: tuple[Path, Path], chance: random.Random
) -> None:
    """Twenty calls; over each of them the worker is killed once, at a moment chosen by the seed: while it starts, loads
    the model, listens, or after it has answered."""
    customer = await server.add_customer("Оксана", KNOWN)
    killed: set[str] = set()
    deaths = 0
    loop = asyncio.get_running_loop()

    async with SpeechWorker(first_back_off_s=0.001) as worker:

        def kill() -> None:
            if worker.pid is not None:
                os.kill(worker.pid, signal.SIGKILL)

        async def doomed(job: TranscribeJob) -> Transcript:
            nonlocal deaths
            if job.id not in killed:
                killed.add(job.id)
                loop.call_later(chance.uniform(0.0, 0.5), kill)
            try:
                return await worker.transcribe(job)
            except Transient:
                deaths += 1
                raise

        async with transcribing(server, doomed) as consumer:
            for number in range(KILLS):
                record(server, str(number), spoken)
                talk(server, KNOWN, str(number))
            await eventually(lambda: len(killed) == KILLS, within=60)
            await eventually(lambda: consumer.waiting == 0, within=60)
    timeline = (await desk.get(f"customers/{customer}/timeline", limit=100))["items"]
    found = [entry for entry in timeline if entry["kind"] == "transcript"]
    assert deaths >= KILLS // 2, "hardly ever killed in the middle of a job: choose other moments"
    assert len(found) == KILLS
    assert {entry["text"] for entry in found} == {f"Caller: {CALLER}\nAgent: {AGENT}"}

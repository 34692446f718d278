"""pop_under_speech: how much later the cards come while recordings are turned into words.

The company of pop_latency, its server started anew for each round: `quiet` with nothing to recognise, `speech` with more
recordings waiting than it can do in the round. Goal: the card is there at most 10 % later. At a rate that leaves the machine
time: what is measured is whether the worker takes what the calls need, not that two cores are two.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, delete, insert

from benchmarks.asr_overhead import TEXTS, record
from benchmarks.dataset import build
from benchmarks.harness import Bound, Ratio, Result, Size
from benchmarks.pop_company import DID, Company
from benchmarks.pop_latency import COUNTED_ROUNDS, Bench, Tally, percentile
from bridge.domain.ids import new_id
from bridge.domain.times import utc_now
from bridge.domain.topic import Topic
from bridge.store import calls, outbox, schema
from bridge.store.engine import BatchWriter

RATE = 20
"""Calls a second."""
SECONDS = {Size.SMALL: 5, Size.FULL: 20}
PERCENTS = (50, 95)
LATER = 1.1
QUIET_MS = 5.0
"""Half of the cards later than this, with nothing to recognise, show a machine that is busy with something else."""
RECORDINGS = 20
MINUTES = 10
"""Of each side of a recording."""


def run(size: Size) -> Result:
    data = build(size)
    tallies = {"quiet": Tally(), "speech": Tally()}
    with tempfile.TemporaryDirectory(prefix="omniline-pop-") as folder, ExitStack() as stack:
        company = Company(Path(folder) / "home", data)
        stack.callback(company.close)
        with company.writing() as writer:
            recordings = _record(company.home / "recordings", writer)
        bench = Bench(company, data, Path(folder), SECONDS[size], stack)
        for turn in range(COUNTED_ROUNDS[size] + 1):
            counted = tallies if turn else {name: Tally() for name in tallies}  # the first round warms caches
            bench.run_ours({RATE: counted["quiet"]})
            with company.writing() as writer:
                writer.run(_queue, recordings)
            bench.run_ours({RATE: counted["speech"]}, speech=True)
            with company.writing() as writer:
                writer.run(_forget)
    return _summarise(tallies, {"customers": data.customers, "entries": data.entries})


def _record(folder: Path, writer: BatchWriter) -> list[str]:
    """The ids of recordings of calls, all with the same sound."""
    folder.mkdir(parents=True, exist_ok=True)
    sound = {side: record(text, folder / f"{side}.wav", 60 * MINUTES) for side, text in TEXTS.items()}
    ids = []
    for number in range(RECORDINGS):
        for side, path in sound.items():
            os.link(path, folder / f"{number}-{side}.wav")
        ids.append(writer.run(_add_recording, str(number)))
    return ids


def _add_recording(connection: Connection, name: str) -> str:
    began, call_id = utc_now() - timedelta(minutes=MINUTES), new_id()
    row = {
        "id": call_id,
        "pbx": "benchmark",
        "linkedid": name,
        "direction": "inbound",
        "caller": "",
        "dialled": DID,
    }
    connection.execute(insert(schema.call), {**row, "state": "ended", "started_at": began})
    made, _ = calls.add_recording(connection, call_id, "call", name, started_at=began, state="ready")
    return made


def _queue(connection: Connection, recordings: list[str]) -> None:
    for recording in recordings:
        outbox.put(connection, Topic.TRANSCRIBE, recording, utc_now())


def _forget(connection: Connection) -> None:
    connection.execute(delete(schema.outbox).where(schema.outbox.c.topic == Topic.TRANSCRIBE))


def _summarise(tallies: dict[str, Tally], notes: dict[str, int | float | str]) -> Result:
    samples = {
        f"{name} p{percent}": [percentile(latencies, percent) for latencies in tally.latencies]
        for percent in PERCENTS
        for name, tally in tallies.items()
    }
    for name, tally in tallies.items():
        cpu = ", ".join(
            f"{program} {median(each) * RATE / 10:.0f} %" for program, each in tally.cpu_ms.items()
        )
        notes[name] = (
            f"{tally.calls} calls, {tally.unrung} not put through, {tally.missed} missed; "
            f"of a core: {cpu}; machine {median(tally.busy):.0%} busy"
        )
    goals = [Ratio(f"speech p{percent}", f"quiet p{percent}", LATER) for percent in PERCENTS]
    quiet = [Bound("quiet p50", QUIET_MS)]
    unit = f"ms after the agent's INVITE, at {RATE}/s"
    return Result("pop_under_speech", unit, samples, goals, notes=notes, quiet=quiet)

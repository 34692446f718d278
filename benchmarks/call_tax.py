"""call_tax: what Asterisk's work for a call costs more because we are there, at 100 calls/s of callers we know.

With us is the whole product, as its command starts it; without us the same Asterisk with nobody to ask, whose dialplan goes on at
once. The post-dial delay is from the caller's INVITE to the answer of the queue. Goals: at most 1.25 times the CPU time of
Asterisk; at most 5 ms more of post-dial delay, at the slowest of a hundred. Our own CPU time is in the notes.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.dataset import build
from benchmarks.harness import ROUNDS, Bound, Ratio, Result, Size, measure
from benchmarks.pop_company import Company
from benchmarks.pop_latency import Bench, percentile
from benchmarks.processes import Server

RATE = 100
SECONDS = {Size.SMALL: 3, Size.FULL: 10}
COUNTED_ROUNDS = {Size.SMALL: 3, Size.FULL: ROUNDS}
WITH, WITHOUT = "Asterisk with us", "Asterisk without us"
DELAY = "ms of post-dial delay added, p99"
GOALS = (Ratio(WITH, WITHOUT, 1.25), Bound(DELAY, 5.0))
TRACE = ("-trace_rtt", "-rtt_freq", "1")


def run(size: Size) -> Result:
    data = build(size)
    delays: dict[str, list[float]] = {WITH: [], WITHOUT: []}
    ours: list[float] = []
    with tempfile.TemporaryDirectory(prefix="omniline-tax-") as name, ExitStack() as stack:
        folder = Path(name)
        company = Company(folder / "home", data)
        stack.callback(company.close)
        bench = Bench(company, data, folder, SECONDS[size], stack)

        def spent(who: str, pids: Mapping[str, int]) -> dict[str, float]:
            """us of CPU a call of each program."""
            bench.register()
            before = {program: Server(pid, port=0).cpu_seconds() for program, pid in pids.items()}
            calls = bench.call(RATE, *TRACE)
            delays[who].append(percentile(take_delays(folder), 99))
            return {
                program: (Server(pid, port=0).cpu_seconds() - before[program]) / calls * 1e6
                for program, pid in pids.items()
            }

        def with_us() -> float:
            with company.serving():
                cpu = spent(WITH, company.pids())
            asterisk = cpu.pop("Asterisk")
            ours.append(sum(cpu.values()))
            return asterisk

        def without_us() -> float:
            return spent(WITHOUT, {"Asterisk": company.asterisk_pid})["Asterisk"]

        samples = measure({WITH: with_us, WITHOUT: without_us}, COUNTED_ROUNDS[size])
    # Without the round that does not count.
    samples[DELAY] = [more - less for more, less in zip(delays[WITH][1:], delays[WITHOUT][1:], strict=True)]
    notes: dict[str, int | float | str] = {
        "calls a second": RATE,
        "calls a round": RATE * SECONDS[size],
        "us of our own CPU a call": round(median(ours[1:])),
        **{f"{who}: ms of post-dial delay, p99": round(median(each[1:]), 1) for who, each in delays.items()},
    }
    return Result("call_tax", "us of CPU a call", samples, GOALS, notes=notes)


def take_delays(folder: Path) -> list[float]:
    """The milliseconds that SIPp has just traced there, one for each call that was answered."""
    (trace,) = folder.glob("*_rtt.csv")
    rows = csv.reader(trace.read_text("ascii").splitlines()[1:], delimiter=";")
    delays = [float(row[1]) for row in rows]
    trace.unlink()
    return delays

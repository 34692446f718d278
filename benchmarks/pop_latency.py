"""pop_latency: from the INVITE to an agent's phone to the caller's card, parsed in that agent's desk, at 50 and 100 calls/s.

The whole product, as it is started by its command: Asterisk, the AGI process, AMI, the store with the customers, a WebSocket for
each of 60 agents. SIPp calls from numbers of customers; the queue rings one agent for each; the caller gives up 0.3 s
later. Goal: 99 of 100 cards are there 20 ms after the INVITE. The first calls after a start are not counted.

Beside us, on the same Asterisk and in turn, since listeners to AMI disturb each other: what panoramisk and a bare
reader need to merely hear of the INVITE, in the same event. Asterisk tells it just before the INVITE leaves, so their
times may be negative. What the machine is to this test is in the notes: the CPU time of a call, and how busy all of it was.
"""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from benchmarks.dataset import Dataset, build
from benchmarks.harness import ROUNDS, Bound, Result, Size
from benchmarks.pop_company import DID, Company, free_ports
from benchmarks.processes import Server
from benchmarks.sightings import Ring, Witness, witness
from pbx.asterisk.find import find_program

RATES = (50, 100)
SECONDS = {Size.SMALL: 2, Size.FULL: 10}
COUNTED_ROUNDS = {Size.SMALL: 2, Size.FULL: ROUNDS}
LIMIT_MS = 20.0
QUIET_MS = 5.0
"""A bare reader that hears of an INVITE later than this shows a machine that is busy with something else."""
PATIENCE = 2.0
"""Seconds after the last call in which a card may still come; one that does not counts as that late."""
GIVE_UP = Path(__file__).parent / "scenarios/give-up.xml"
OURS = "ours"
PEERS = ("panoramisk", "raw")


@dataclass(slots=True)
class Tally:
    """What one contestant did at one rate, by round: `latencies` in ms, `cpu_ms` a call of each program, `busy` of the machine.

    `unrung` calls reached no agent's phone, `missed` did without the contestant's notice.
    """

    latencies: list[list[float]] = field(default_factory=list)
    calls: int = 0
    unrung: int = 0
    missed: int = 0
    cpu_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    busy: list[float] = field(default_factory=list)


def run(size: Size) -> Result:
    data = build(size)
    load = os.getloadavg()[0]
    tallies = {(name, rate): Tally() for name in (OURS, *PEERS) for rate in RATES}
    with tempfile.TemporaryDirectory(prefix="omniline-pop-") as folder, ExitStack() as stack:
        company = Company(Path(folder) / "home", data)
        stack.callback(company.close)
        bench = Bench(company, data, Path(folder), SECONDS[size], stack)
        for turn in range(COUNTED_ROUNDS[size] + 1):
            counted = tallies if turn else {key: Tally() for key in tallies}  # the first round warms caches
            bench.run_ours({rate: counted[OURS, rate] for rate in RATES})
            for name in PEERS:
                bench.run_peer(name, {rate: counted[name, rate] for rate in RATES})
    notes = {"customers": data.customers, "entries": data.entries, "agents": len(company.extensions)}
    return summarise(tallies, {**notes, "load of the machine before": round(load, 2)})


class Bench:
    """Runs the contestants' rounds against one company; the phones stay registered all the while."""

    def __init__(self, company: Company, data: Dataset, folder: Path, seconds: int, stack: ExitStack) -> None:
        self._company = company
        self._data = data
        self._folder = folder
        self._seconds = seconds
        self._stack = stack
        self._chance = random.Random(1)
        self._phones: Witness | None = None

    def run_ours(self, tallies: Mapping[int, Tally], *, speech: bool = False) -> None:
        """With `speech`, only once the speech worker is at work."""
        company = self._company
        with company.serving(), self.desks() as desks:
            if speech:
                company.wait_speech()
            pids = company.pids()
            if not speech:
                # The desks have just come, and are being told what they missed.
                Server(pids["server"], port=0).wait_idle()
                # Not counted: what is needed for the first time since the start is loaded in these.
                self._round(desks, RATES[0], Tally(), pids)
            for rate, tally in tallies.items():
                self._round(desks, rate, tally, pids)

    def run_peer(self, name: str, tallies: Mapping[int, Tally]) -> None:
        company = self._company
        arguments = [name, str(company.ami_port), "omniline", company.secrets.ami_secret]
        with (
            company.identifying(),
            witness("benchmarks.pop_peers", arguments, self._folder / f"{name}.txt") as peer,
        ):
            for rate, tally in tallies.items():
                self._round(peer, rate, tally, {"Asterisk": company.asterisk_pid})

    def _round(self, watcher: Witness, rate: int, tally: Tally, pids: Mapping[str, int]) -> None:
        phones = self.register()
        pids = {**pids, "the test's watcher": watcher.pid, "phones": phones.pid}
        before = {name: Server(pid, port=0).cpu_seconds() for name, pid in pids.items()}
        idle, began = idle_seconds(), time.monotonic()
        calls = self.call(rate)
        busy = 1 - (idle_seconds() - idle) / (time.monotonic() - began) / (os.cpu_count() or 1)
        invites, seen = collect(phones, watcher, calls)
        latencies, missed = match(invites, seen)
        tally.latencies.append(latencies)
        tally.calls += calls
        tally.missed += missed
        tally.unrung += calls - len(invites)
        tally.busy.append(busy)
        for name, pid in pids.items():
            tally.cpu_ms[name].append((Server(pid, port=0).cpu_seconds() - before[name]) / calls * 1000)

    def desks(self) -> AbstractContextManager[Witness]:
        """Every agent's, connected, while the server runs."""
        arguments = [str(self._company.http_port), self._write("tokens.json", self._company.tokens)]
        return witness("benchmarks.pop_desks", arguments, self._folder / "desks.txt")

    def register(self) -> Witness:
        """The phones, registered."""
        if self._phones is not None:
            return self._phones
        company = self._company
        accounts = {f"agent-{e}": company.secrets.phones[e].sip_password for e in company.extensions}
        arguments = [str(company.sip_port), self._write("accounts.json", accounts)]
        phones = witness("benchmarks.pop_phones", arguments, self._folder / "phones.txt")
        self._phones = self._stack.enter_context(phones)
        return self._phones

    def call(self, rate: int, *options: str, seconds: int | None = None) -> int:
        """Place `rate` calls a second, see all of them end, and say how many. `options` are SIPp's, `seconds` a round's.

        Raises RuntimeError where there is no SIPp.
        """
        sipp = find_program("sipp")
        if sipp is None:
            raise RuntimeError("SIPp is missing: on Debian, apt-get install sip-tester")
        calls = rate * (seconds or self._seconds)
        callers = self._folder / "callers.csv"
        with callers.open("w", encoding="ascii", newline="") as file:
            file.write("SEQUENTIAL\n")
            numbers = self._chance.sample(range(self._data.customers), calls)
            csv.writer(file, delimiter=";").writerows([self._data.phone(n)] for n in numbers)
        (port,) = free_ports(1)
        subprocess.run(
            [
                *sipp,
                f"127.0.0.1:{self._company.sip_port}",
                *("-sf", str(GIVE_UP), "-inf", str(callers), "-s", DID, "-i", "127.0.0.1", "-p", str(port)),
                *("-r", str(rate), "-m", str(calls), "-timeout", f"{self._seconds + 30}s", "-nostdin"),
                *options,
            ],
            check=False,  # a call that fails is one that is not seen
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return calls

    def _write(self, name: str, content: Mapping[str, str]) -> str:
        path = self._folder / name
        path.write_text(json.dumps(content), "utf-8")
        return str(path)


def collect(phones: Witness, watcher: Witness, calls: int) -> tuple[dict[Ring, float], dict[Ring, float]]:
    """The INVITEs and what the watcher saw of them, once it has seen all, or PATIENCE is over."""
    invites: dict[Ring, float] = {}
    seen: dict[Ring, float] = {}
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not (len(invites) >= calls and invites.keys() <= seen.keys()):
        time.sleep(0.05)
        invites |= phones.take()
        seen |= watcher.take()
    return invites, seen


def match(invites: Mapping[Ring, float], seen: Mapping[Ring, float]) -> tuple[list[float], int]:
    """The latency of each INVITE in ms, PATIENCE for one that was not seen; how many those are."""
    latencies = [
        (seen[ring] - at) * 1000 if ring in seen else PATIENCE * 1000 for ring, at in invites.items()
    ]
    return latencies, sum(ring not in seen for ring in invites)


def percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def idle_seconds() -> float:
    """Of all processors together, since boot (proc(5), /proc/stat: idle is the fourth field)."""
    return int(Path("/proc/stat").read_text("ascii").split(maxsplit=5)[4]) / os.sysconf("SC_CLK_TCK")


def summarise(tallies: Mapping[tuple[str, int], Tally], notes: Mapping[str, int | float | str]) -> Result:
    samples: dict[str, list[float]] = {}
    said: dict[str, int | float | str] = dict(notes)
    for (name, rate), tally in tallies.items():
        for percent in (50, 99):
            key = f"{name} p{percent} at {rate}/s"
            samples[key] = [percentile(latencies, percent) for latencies in tally.latencies]
        cpu = ", ".join(f"{program} {median(each):.1f}" for program, each in tally.cpu_ms.items())
        said[f"{name} at {rate}/s"] = (
            f"{tally.calls} calls, {tally.unrung} not put through, {tally.missed} missed, "
            f"longest {max(map(max, tally.latencies)):.1f} ms, "
            f"ms of CPU a call: {cpu}; machine {median(tally.busy):.0%} busy"
        )
    goals = [Bound(f"{OURS} p99 at {rate}/s", LIMIT_MS) for rate in RATES]
    quiet = [Bound(f"raw p99 at {rate}/s", QUIET_MS) for rate in RATES]
    return Result("pop_latency", "ms after the agent's INVITE", samples, goals, quiet=quiet, notes=said)

"""mail_flood: what ten thousand mails, there all at once, do to the pops of 50 calls/s, and how soon they are done.

The company of pop_latency with a mailbox at a real Dovecot. The mails are put into its Maildir and let arrive in one moment,
while SIPp calls; the product reads them over IMAP as it reads any. Quiet and flooded rounds take turns on one running server;
after them pop_latency's bare reader watches the same calls without us: it shows whether the machine is quiet.
Goals: of the calls that come while mail is still to be read, 99 of 100 pops within 1.2 times what they take without; all mails
done within a minute (so much less for fewer). Afterwards each mail stands once on a timeline.

What the machine is to this test is in the notes: the CPU time of a mail in Dovecot and in our processes, and how
busy all of it is.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, func, select

from benchmarks.dataset import build
from benchmarks.harness import Bound, Ratio, Result, Size
from benchmarks.letters import letters
from benchmarks.pop_company import Company
from benchmarks.pop_latency import QUIET_MS, Bench, Tally, collect, idle_seconds, match, percentile
from benchmarks.processes import Server, family_seconds
from benchmarks.sightings import Witness
from bridge.store.engine import connect_reader
from bridge.store.schema import timeline_entry
from tests.dovecot import PASSWORD, Dovecot

RATE = 50
"""Calls a second."""
MAILS = {Size.SMALL: 1_000, Size.FULL: 10_000}
COUNTED_ROUNDS = {Size.SMALL: 2, Size.FULL: 3}
SECONDS_A_MAIL = 60 / 10_000
"""The goal; calls are made for as long as the mails may take."""
PATIENCE = 600.0
"""Seconds: mail that is not there by then is lost."""
LATER = 1.2
ADDRESS = "support@sample.example"
SETTINGS = """
[[mailboxes]]
address = "{address}"
imap_host = "127.0.0.1"
imap_port = {port}
imap_tls = "none"
"""
QUIET, FLOODED, DONE, PEER = "quiet p99", "flooded p99", "s until all mails are done", "raw p99"


@dataclass(frozen=True, slots=True)
class Round:
    """`latencies` in ms, of the calls that came while there was mail to read, which `took` seconds; of all where there is none.

    `cpu` is in seconds, of each program; `busy` of the machine.
    """

    calls: int
    unrung: int
    missed: int
    latencies: Sequence[float]
    took: float
    busy: float
    cpu: Mapping[str, float]


def run(size: Size) -> Result:
    data, mails = build(Size.SMALL), MAILS[size]
    load = os.getloadavg()[0]
    quiet, flooded = list[Round](), list[Round]()
    with tempfile.TemporaryDirectory(prefix="omniline-flood-") as name, ExitStack() as stack:
        folder, mailbox = Path(name), Dovecot()
        stack.callback(mailbox.remove)
        company = Company(folder / "home", data, SETTINGS.format(address=ADDRESS, port=mailbox.port))
        stack.callback(company.close)
        company.add_inbox("email", ADDRESS, PASSWORD)
        bench = Bench(company, data, folder, round(mails * SECONDS_A_MAIL), stack)
        with company.serving(), bench.desks() as desks:
            rounds = Rounds(company, mailbox, bench, desks)
            for turn in range(COUNTED_ROUNDS[size] + 1):
                quiet.append(rounds.run(lambda: 0.0))
                flooded.append(rounds.run(rounds.flood(letters(data, f"flood{turn}", mails, ADDRESS))))
        peer = Tally()
        bench.run_peer("raw", {RATE: peer})
    notes = {
        "customers": data.customers,
        "mails a round": mails,
        "load of the machine before": round(load, 2),
    }
    return summarise(peer, quiet[1:], flooded[1:], mails, notes)  # the first round warms caches


class Rounds:
    """Rounds of calls to one running company, with mail or without."""

    def __init__(self, company: Company, mailbox: Dovecot, bench: Bench, desks: Witness) -> None:
        self._company = company
        self._mailbox = mailbox
        self._bench = bench
        self._desks = desks
        self._phones = bench.register()

    def flood(self, mails: Iterable[bytes]) -> Callable[[], float]:
        """Lets the mails arrive, waits until all are on timelines, and says how many seconds that took.

        Raises RuntimeError where some are lost, or stand there twice.
        """
        arrive = self._mailbox.deliver(ADDRESS, mails)

        def see_through() -> float:
            with connect_reader(self._company.url) as connection:
                before, began = filed(connection), time.monotonic()
                count = arrive()
                while (here := filed(connection) - before) < count and time.monotonic() < began + PATIENCE:
                    time.sleep(0.1)
                took = time.monotonic() - began
                if here != count:
                    raise RuntimeError(f"{count} mails came, {here} are on timelines after {took:.0f} s")
                return took

        return see_through

    def run(self, work: Callable[[], float]) -> Round:
        """Calls, and `work` beside them, which says how many seconds of the round count; 0 for all."""
        before, idle, began = self._spent(), idle_seconds(), time.time()
        with ThreadPoolExecutor(1) as caller:
            calling = caller.submit(self._bench.call, RATE)
            took = work()
            calls = calling.result()
        lasted = time.time() - began
        busy = 1 - (idle_seconds() - idle) / lasted / (os.cpu_count() or 1)
        cpu = {program: spent - before[program] for program, spent in self._spent().items()}
        invites, seen = collect(self._phones, self._desks, calls)
        counted = {ring: at for ring, at in invites.items() if at < began + (took or lasted)}
        latencies, missed = match(counted, seen)
        return Round(calls, calls - len(invites), missed, latencies, took, busy, cpu)

    def _spent(self) -> dict[str, float]:
        """Our programs that read mail are children of the server, and more than one after the other."""
        pids = self._company.pids()
        apart = {name: family_seconds(pids[name]) for name in ("Asterisk", "AGI")}
        server = Server(pids["server"], port=0).cpu_seconds()
        reader = family_seconds(pids["server"]) - server - sum(apart.values())
        return {
            **apart,
            "server": server,
            "reader of mail": reader,
            "Dovecot": family_seconds(self._mailbox.pid),
        }


def filed(connection: Connection) -> int:
    """Mails on timelines."""
    mails = select(func.count()).select_from(timeline_entry).where(timeline_entry.c.source == "email")
    return connection.execute(mails).scalar_one()


def summarise(
    peer: Tally,
    quiet: Sequence[Round],
    flooded: Sequence[Round],
    mails: int,
    notes: Mapping[str, int | float | str],
) -> Result:
    samples = {
        QUIET: [percentile(each.latencies, 99) for each in quiet],
        FLOODED: [percentile(each.latencies, 99) for each in flooded],
        DONE: [each.took for each in flooded],
        PEER: [percentile(each, 99) for each in peer.latencies],
    }
    said: dict[str, int | float | str] = dict(notes)
    for name, rounds in (("quiet", quiet), ("flooded", flooded)):
        said[name] = (
            f"{sum(each.calls for each in rounds)} calls, {sum(each.unrung for each in rounds)} not put through, "
            f"{sum(each.missed for each in rounds)} missed; p50 "
            f"{median(percentile(each.latencies, 50) for each in rounds):.1f} ms; "
            f"machine {median(each.busy for each in rounds):.0%} busy"
        )
    # The same calls were made in both, so that what is beyond is the mail's.
    more = {
        program: median(f.cpu[program] - q.cpu[program] for q, f in zip(quiet, flooded, strict=True))
        for program in quiet[0].cpu
    }
    said["ms of CPU a mail"] = ", ".join(f"{program} {s / mails * 1000:.1f}" for program, s in more.items())
    goals: list[Ratio | Bound] = [Ratio(FLOODED, QUIET, LATER), Bound(DONE, mails * SECONDS_A_MAIL)]
    unit = f"ms after the agent's INVITE, at {RATE}/s"
    return Result("mail_flood", unit, samples, goals, notes=said, quiet=[Bound(PEER, QUIET_MS)])

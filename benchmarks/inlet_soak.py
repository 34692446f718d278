"""inlet_soak: signed webhooks, 50 a second for ten minutes, to the inlet of the running product, while 5 calls a second ring.

The company of pop_latency with its Asterisk, as its command starts it, and SIPp as its callers. WhatsApp, Telegram and the shop
send, 30 % of it twice and all of it in no order, and at its time however slow the answers are: an answer's time is from when its
request was due. Goals: 99 of 100 answers within 25 ms, 99 of 100 pops within 20 ms of the INVITE. Afterwards each message and
order stands once on a timeline, each call once, and none is lost. What the server has in memory meanwhile is in the notes.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import uvloop
from sqlalchemy import Connection, func, select

from benchmarks.dataset import build
from benchmarks.harness import Bound, Result, Size
from benchmarks.pop_company import Company
from benchmarks.pop_latency import Bench, collect, idle_seconds, match, percentile
from benchmarks.processes import resident_mib
from benchmarks.webhooks import INBOXES, REPEATED, Webhook, shuffled
from bridge.store.engine import connect_reader
from bridge.store.schema import call, timeline_entry

MESSAGES, CALLS = 50, 5
"""A second."""
SECONDS = {Size.SMALL: 30, Size.FULL: 600}
FIRST_SECONDS = 3
LOOKS = 10
"""At what the server has in memory, from the first request on."""
PATIENCE = 60.0
"""Seconds after the last webhook: what is not on a timeline by then is lost."""
ANSWER, POP = "ms until the answer 200, p99", "ms until the pop, p99"
GOALS = (Bound(ANSWER, 25.0), Bound(POP, 20.0))


@dataclass(frozen=True, slots=True)
class Sent:
    """`answers` in ms, one for each request; `resident` in MiB, LOOKS of them."""

    answers: Sequence[float]
    resident: Sequence[float]


def run(size: Size) -> Result:
    data, seconds = build(Size.SMALL), SECONDS[size]
    webhooks = shuffled(data, MESSAGES * seconds)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="omniline-soak-") as name, ExitStack() as stack:
        company = Company(Path(name) / "home", data)
        stack.callback(company.close)
        secrets = {channel: company.add_inbox(channel, key) for channel, key in INBOXES.items()}
        bench = Bench(company, data, Path(name), seconds, stack)
        stack.enter_context(company.serving())
        phones, desks = bench.register(), stack.enter_context(bench.desks())
        # Not counted: what is needed for the first time since the start is loaded in these.
        first = bench.call(CALLS, seconds=FIRST_SECONDS)
        collect(phones, desks, first)
        idle, began = idle_seconds(), time.monotonic()
        with ThreadPoolExecutor(1) as caller:
            calling = caller.submit(bench.call, CALLS)
            sent = uvloop.run(_send(company, webhooks, secrets))
            calls = calling.result()
        busy = 1 - (idle_seconds() - idle) / (time.monotonic() - began) / (os.cpu_count() or 1)
        pops, missed = match(*collect(phones, desks, calls))
        _check(company, webhooks, first + calls)
        resident = [*sent.resident, resident_mib(company.pids()["server"])]
    notes: dict[str, int | float | str] = {
        "requests": f"{len(webhooks)} in {seconds} s, {REPEATED:.0%} of them sent twice; all there once",
        "calls": f"{calls} in {seconds} s, all there once; {missed} pops missed",
        "p50": f"answer {percentile(sent.answers, 50):.1f} ms, pop {percentile(pops, 50):.1f} ms",
        "longest": f"answer {max(sent.answers):.1f} ms, pop {max(pops):.1f} ms",
        "MiB in the server's memory": ", ".join(f"{each:.0f}" for each in resident),
        "machine": f"{busy:.0%} busy; its load before {load:.2f}",
    }
    samples = {ANSWER: [percentile(sent.answers, 99)], POP: [percentile(pops, 99)]}
    return Result("inlet_soak", "one round", samples, GOALS, notes=notes)


async def _send(company: Company, webhooks: Sequence[Webhook], secrets: Mapping[str, str]) -> Sent:
    """All of them, each when it is due. Raises RuntimeError for one that is not answered with 200."""
    loop = asyncio.get_running_loop()
    answers, resident = list[float](), list[float]()
    server = company.pids()["server"]

    async def post(webhook: Webhook, due: float) -> None:
        url = f"http://127.0.0.1:{company.http_port}{webhook.path}"
        headers = webhook.headers(secrets[webhook.channel])
        async with http.post(url, data=webhook.body, headers=headers) as answer:
            if answer.status != 200:
                raise RuntimeError(f"{webhook.channel} was answered {answer.status}")
        answers.append((loop.time() - due) * 1000)

    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        began = loop.time()
        for number, webhook in enumerate(webhooks):
            if number % (len(webhooks) // LOOKS) == 0:
                resident.append(resident_mib(server))
            due = began + number / MESSAGES
            await asyncio.sleep(due - loop.time())
            group.create_task(post(webhook, due))
    return Sent(answers, resident)


def _check(company: Company, webhooks: Sequence[Webhook], calls: int) -> None:
    """Raises RuntimeError unless each message, order and call stands once on a timeline."""
    wanted = Counter({webhook.says: 1 for webhook in webhooks})
    with connect_reader(company.url) as connection:
        deadline = time.monotonic() + PATIENCE
        while (here := told(connection)) != wanted or count_calls(connection) != (calls, calls):
            if time.monotonic() > deadline:
                lost, more = (wanted - here).total(), (here - wanted).total()
                raise RuntimeError(
                    f"{lost} messages lost, {more} too many; of {calls} calls {count_calls(connection)} are there"
                )
            time.sleep(0.2)


def told(connection: Connection) -> Counter[str]:
    """What stands on timelines of what webhooks said, and how often."""
    entry = timeline_entry.c
    rows = connection.execute(
        select(entry.body, entry.payload).where(entry.source.in_(INBOXES), entry.customer_id.is_not(None))
    )
    return Counter(row.payload.get("order") or row.body for row in rows)


def count_calls(connection: Connection) -> tuple[int, int]:
    """Those that are over, and their entries."""
    ended = select(func.count()).select_from(call).where(call.c.state == "ended")
    entries = select(func.count()).select_from(timeline_entry).where(timeline_entry.c.source == "pbx")
    return connection.execute(ended).scalar_one(), connection.execute(entries).scalar_one()

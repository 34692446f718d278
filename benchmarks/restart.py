"""restart: how soon a started server answers with a card, and how long it takes to know 1,000 channels again.

`start` is from the command until /readyz is 200, which means that AMI is logged in and that the AGI process answers: the
first card is there by then. Asterisk runs already, as after an upgrade or a crash of ours. `resync` is from connecting to
AMI until the calls of 1,000 channels of a real Asterisk are open in the tracker. Goals: 1.5 s and 0.3 s.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.dataset import build
from benchmarks.harness import Bound, Result, Size, measure
from benchmarks.pop_company import Company
from bridge.domain.times import utc_now
from bridge.settings import load
from bridge.store import agents
from bridge.store.engine import connect_reader
from bridge.wiring.pbx import pbx_config
from pbx.ami.client import AmiAccount, AmiClient
from pbx.ami.tracker import Tracker
from pbx.asterisk.config import PbxConfig
from pbx.asterisk.find import get_asterisk
from pbx.asterisk.process import AsteriskProcess
from pbx.interface import Call, CallEvent, WatchGap

CHANNELS = 1000
GOALS = [Bound("start", 1500), Bound("resync", 300)]
ECHO = "channel originate Local/*43@from-agents application Wait 600"
"""Two channels, one of which hears itself."""


def run(size: Size) -> Result:
    data = build(size)
    with TemporaryDirectory() as folder:
        company = Company(Path(folder) / "home", data)
        try:
            samples = measure({"start": lambda: _start(company)})
            config = _config(company)
            asyncio.run(_fill(company.home, config))
            samples |= measure({"resync": lambda: asyncio.run(_resync(config))})
        finally:
            company.close()
    notes = {"channels": CHANNELS, "customers": data.customers}
    return Result("restart", "ms", samples, GOALS, notes=notes)


def _start(company: Company) -> float:
    began = time.perf_counter()
    with company.serving():
        return (time.perf_counter() - began) * 1000


def _config(company: Company) -> PbxConfig:
    settings = load(company.home, company.environment)
    with connect_reader(f"sqlite:///{company.home / 'omniline.sqlite3'}") as connection:
        people = agents.list_agents(connection)
    return pbx_config(company.home, settings, company.secrets, people)


async def _fill(home: Path, config: PbxConfig) -> None:
    process = AsteriskProcess(home, config, get_asterisk())
    for _ in range(CHANNELS // 2):
        await process.command(ECHO)


class Silent:
    """A sink that keeps nothing but until when all was told: the snapshot is repaired then."""

    def __init__(self) -> None:
        self.heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def accept(self, call: Call, events: Sequence[CallEvent]) -> None:
        return

    def accept_unwatched(self, call: Call, events: Sequence[CallEvent]) -> None:
        pass

    def accept_gap(self, gap: WatchGap) -> None:
        return

    def accept_heard(self, pbx: str, at: datetime) -> None:
        if not self.heard.done():
            self.heard.set_result(None)


async def _resync(config: PbxConfig) -> float:
    client = AmiClient(AmiAccount("127.0.0.1", config.ami_port, config.ami_user, config.ami_secret))
    sink = Silent()
    tracker = Tracker(config.name, sink, clock=utc_now)
    began = time.perf_counter()
    tasks = [asyncio.create_task(client.run()), asyncio.create_task(tracker.run(client.news))]
    try:
        await asyncio.wait_for(sink.heard, 30)
        took = (time.perf_counter() - began) * 1000
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if tracker.open_calls < CHANNELS // 2:
        raise RuntimeError(f"only {tracker.open_calls} calls of {CHANNELS} channels are up")
    return took

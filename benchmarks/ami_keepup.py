"""ami_keepup: a real Asterisk tells events as fast as it can, and our handlers stall three times for two seconds.

Two channels run a dialplan that does nothing but tell numbered UserEvents. What is read is followed by number: one that is
missing is lost. Goals: none lost, and within 150 ms of Asterisk's time again once the stalls are over.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import uvloop

from benchmarks.harness import Bound, Result, Size
from benchmarks.pop_company import free_ports
from bridge.domain.times import utc_now
from pbx.ami.client import AmiAccount, AmiClient
from pbx.ami.facts import Identified
from pbx.asterisk.config import PbxConfig
from pbx.asterisk.find import get_asterisk
from pbx.asterisk.process import AsteriskProcess
from pbx.asterisk.render import copy_shipped, render

CHANNELS: Final = 2
SECONDS = {Size.SMALL: 12, Size.FULL: 30}
STALLS: Final = (1.0, 4.0, 7.0)
"""Seconds after the first event."""
STALL_SECONDS: Final = 2.0
TAIL_SECONDS: Final = 2.0
"""The lag is the worst of the events told in so many seconds before the end."""
SECRET: Final = "only-for-this-benchmark-0123456789"
FLOOD: Final = """
[flood]
exten = _X.,1,Set(N=0)
 same = n,Set(UNTIL=$[${{EPOCH}} + {seconds}])
 same = n(again),UserEvent(OmniIdentified,Customer: ${{N}})
 same = n,Set(N=$[${{N}} + 1])
 same = n,GotoIf($[${{EPOCH}} < ${{UNTIL}}]?again)
 same = n,UserEvent(OmniIdentified,Customer: last-${{N}})
 same = n,Hangup()
"""
GOALS = [Bound("lost", 0), Bound("lag", 150)]


def run(size: Size) -> Result:
    with TemporaryDirectory() as folder:
        lost, lag, told, took = uvloop.run(_flood(Path(folder) / "home", SECONDS[size]))
    notes = {"events": told, "events a second": round(told / took)}
    return Result("ami_keepup", "events; ms", {"lost": [lost], "lag": [lag]}, GOALS, notes=notes)


async def _flood(home: Path, seconds: int) -> tuple[float, float, int, float]:
    """Events lost, the worst lag of the tail in ms, events told, seconds from the first to the last."""
    sip, http, ami, agi = free_ports(4)
    config = PbxConfig(
        ami_secret=SECRET,
        recordings=home / "recordings",
        voicemail=home / "voicemail",
        agents=(),
        queues=(),
        dids=(),
        sip_port=sip,
        http_port=http,
        ami_port=ami,
        agi_port=agi,
    )
    asterisk = get_asterisk()
    copy_shipped(home)
    (home / "asterisk-config/custom/extensions.conf").write_text(FLOOD.format(seconds=seconds), "utf-8")
    render(home, config, asterisk)
    process = AsteriskProcess(home, config, asterisk)
    await process.start()
    client = AmiClient(AmiAccount("127.0.0.1", ami, config.ami_user, SECRET))
    running = asyncio.create_task(client.run())
    try:
        async with asyncio.timeout(30):
            while not client.is_connected:
                await asyncio.sleep(0.05)
        for channel in range(CHANNELS):
            await process.command(f"channel originate Local/{channel}0@flood application Wait {seconds + 60}")
        async with asyncio.timeout(10 * seconds + 60):
            return await _follow(client)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await process.stop()


async def _follow(client: AmiClient) -> tuple[float, float, int, float]:
    seen: Counter[str] = Counter()
    told: dict[str, int] = {}
    lags: list[tuple[float, float]] = []
    stalls, began = list(STALLS), 0.0
    while len(told) < CHANNELS:
        fact = await client.news.get()
        if not isinstance(fact, Identified):
            continue
        now, at = utc_now().timestamp(), fact.at.timestamp()
        began = began or now
        number = fact.customer_id or ""
        if number.startswith("last-"):
            told[fact.uniqueid] = int(number.removeprefix("last-"))
        else:
            # One that is missing or out of its turn is never made up for.
            seen[fact.uniqueid] += int(number) == seen[fact.uniqueid]
            lags.append((at, now - at))
        if stalls and now - began > stalls[0]:
            stalls.pop(0)
            time.sleep(STALL_SECONDS)
    ended = max(at for at, _ in lags)
    tail = max(lag for at, lag in lags if at > ended - TAIL_SECONDS)
    return sum(told.values()) - sum(seen.values()), tail * 1000, sum(told.values()), ended - began

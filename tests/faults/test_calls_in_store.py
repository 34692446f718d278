"""Calls go on while the link, Asterisk or the database breaks: each that began is stored once, and none stays open."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, text

from pbx.ami.call_records import CallRecords
from pbx.ami.client import AmiAccount, AmiClient
from pbx.ami.tracker import Tracker
from tests.contract.desk_server import DeskServer, eventually, serving
from tests.fakes.ami_server import SECRET, USER, AmiServer
from tests.fakes.exchange import CALLER, Exchange
from tests.postgres import PostgresServer

pytestmark = pytest.mark.fault

STEPS = 60
UP = 40
GHOST_SECONDS = 3.0
"""How long after it is back a call may seem to be up that is not."""
Fault = Callable[[Exchange, str], Awaitable[object]]
"""Takes the address of the database too."""


async def cut(pbx: Exchange, _: str) -> None:
    pbx.server.reset()


async def half_open(pbx: Exchange, _: str) -> None:
    """Nothing comes any more, and nobody says so; a new link works."""
    pbx.server.forget()


async def kill_asterisk(pbx: Exchange, _: str) -> None:
    """With all calls that are up, of which it records nothing."""
    pbx.die()
    await asyncio.sleep(pbx.chance.uniform(0, 0.5))
    await pbx.rise()


async def lock(pbx: Exchange, url: str) -> None:
    """Somebody else has the database to themselves."""
    seconds = pbx.chance.uniform(0.1, 1.0)
    if url.startswith("sqlite"):
        other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        with suppress(sqlite3.OperationalError):  # a writer of ours is at it
            other.execute("BEGIN EXCLUSIVE")
    else:
        other = psycopg.connect(url)
        await asyncio.to_thread(other.execute, "LOCK TABLE call IN ACCESS EXCLUSIVE MODE")
    await asyncio.sleep(seconds)
    other.close()


@asynccontextmanager
async def watching(server: DeskServer, pbx: Exchange, patience: float = 60.0) -> AsyncIterator[None]:
    account = AmiAccount("127.0.0.1", pbx.server.port, USER, SECRET)
    client = AmiClient(account, patience=patience, ping_every=0.2)
    assert pbx.records
    tracker = Tracker("pbx1", server.calls, records=CallRecords(pbx.records))
    runs = (client.run(), tracker.run(client.news), tracker.retell())
    tasks = [asyncio.create_task(run) for run in runs]
    try:
        await eventually(lambda: client.is_connected)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def take_all_connections(url: str, others: ExitStack) -> None:
    others.enter_context(psycopg.connect(url, autocommit=True)).execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with suppress(psycopg.OperationalError):
        while True:
            others.enter_context(psycopg.connect(url))


def read_calls(connection: Connection) -> list[tuple[str, str, int]]:
    """Linkedid, state and the number of entries."""
    found = connection.execute(
        text(
            "SELECT linkedid, state, (SELECT count(*) FROM timeline_entry e"
            " WHERE e.call_id = call.id AND e.kind = 'call') FROM call"
        )
    )
    return [(row[0], row[1], row[2]) for row in found]


async def go_on(pbx: Exchange, url: str, faults: dict[int, Fault]) -> None:
    """Calls begin and end, and beside them happens what is to happen from those steps on, one after the other."""
    breaking = []
    one_by_one = asyncio.Lock()

    async def happen(fault: Fault) -> None:
        async with one_by_one:
            await fault(pbx, url)

    for step in range(STEPS):
        await pbx.step()
        if step in faults:
            breaking.append(asyncio.create_task(happen(faults[step])))
        await asyncio.sleep(pbx.chance.random() * 0.04)
    await asyncio.gather(*breaking)


@pytest.mark.parametrize("fault", [cut, half_open, kill_asterisk, lock])
async def test_whatever_breaks_each_call_is_stored_once(
    url: str, tmp_path: Path, chance: random.Random, fault: Fault
) -> None:
    async with AmiServer() as ami, serving(url, tmp_path) as server:
        await server.add_customer("Олена", CALLER)
        pbx = Exchange(ami, chance, tmp_path / "records.csv")
        async with watching(server, pbx, patience=0.5 if fault is half_open else 60.0):
            await go_on(pbx, url, dict.fromkeys(chance.sample(range(STEPS), 2), fault))

            as_it_is = Counter((key, "open" if key in pbx.live else "ended", 1) for key in pbx.begun)
            perhaps = {row for row in as_it_is if row[0] in pbx.lost}

            async def as_stored() -> Counter[tuple[str, str, int]]:
                stored = Counter(await server.db.read(read_calls))
                return stored + Counter(perhaps - stored.keys())

            async def settled() -> bool:
                return await as_stored() == as_it_is

            with suppress(TimeoutError):
                await eventually(settled)
            assert await as_stored() == as_it_is


@pytest.mark.parametrize("what", ["crash", "full"])
async def test_a_postgres_that_turns_us_away_meanwhile_costs_no_call(
    postgres: PostgresServer, postgres_url: str, tmp_path: Path, chance: random.Random, what: str
) -> None:
    async def crash(pbx: Exchange, _: str) -> None:
        await asyncio.to_thread(postgres.stop)
        await asyncio.sleep(pbx.chance.uniform(0, 0.5))
        # Not in a thread of the pool: the server ends with the thread that started it.
        postgres.start()

    async def fill(pbx: Exchange, url: str) -> None:
        """Others have all the connections there are, ours too."""
        with ExitStack() as others:
            await asyncio.to_thread(take_all_connections, url, others)
            await asyncio.sleep(pbx.chance.uniform(0, 0.5))

    fault = crash if what == "crash" else fill
    await test_whatever_breaks_each_call_is_stored_once(postgres_url, tmp_path, chance, fault)


@pytest.mark.realtime
async def test_of_40_calls_up_when_asterisk_is_killed_no_ghost_is_left(
    url: str, tmp_path: Path, chance: random.Random
) -> None:
    async with AmiServer() as ami, serving(url, tmp_path) as server:
        pbx = Exchange(ami, chance, tmp_path / "records.csv")
        async with watching(server, pbx, patience=0.5):
            for _ in range(UP):
                await ami.write(pbx.begin())

            async def stored(state: str) -> bool:
                rows = await server.db.read(read_calls)
                return Counter((key, told) for key, told, _ in rows) == Counter(
                    (key, state) for key in pbx.begun
                )

            await eventually(lambda: stored("open"))
            await kill_asterisk(pbx, url)
            await eventually(lambda: ami.count("Status") == 2)
            await eventually(lambda: stored("ended"), within=GHOST_SECONDS)

"""A PostgreSQL whose disk fills up again and again while calls go on: what they told is stored once.

Where its tables have no room a statement fails; where its log has none the server dies, and stays dead until it is
started with room again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import psycopg
import pytest
from sqlalchemy import Connection, text

from pbx.interface import Outcome
from tests.contract.desk_server import DeskServer, serving
from tests.fakes.scripted_call import ScriptedCall
from tests.postgres import PostgresServer
from tests.small_disks import SmallDisks

pytestmark = pytest.mark.fault

TIMES = 2
PATIENCE = 60.0
"""Seconds until a full disk is noticed, or one that has room again."""


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """One of which the disks are small."""
    server = PostgresServer(data=128, wal=64)
    yield server
    server.remove()


@pytest.fixture
def disks(postgres: PostgresServer, postgres_url: str) -> Iterator[SmallDisks]:
    """Which have room again afterwards, for a server that runs."""
    assert postgres.disks
    yield postgres.disks
    for name in ("data", "wal"):
        postgres.disks.make_room(name)
    if not postgres.is_running:
        postgres.start()


class Caller:
    """Calls one after the other; `told` is what is to be stored of them."""

    def __init__(self, server: DeskServer, chance: random.Random) -> None:
        self.told: list[tuple[str, str, int]] = []
        self._server = server
        self._chance = chance

    async def call(self) -> None:
        call = ScriptedCall(self._server.calls, f"+38050111{len(self.told):04}")
        call.talk("101")
        call.left("101")
        call.ended(Outcome.ANSWERED)
        self.told.append((call.linkedid, "answered", 1))
        await asyncio.sleep(self._chance.uniform(0.02, 0.12))

    async def call_a_while(self) -> None:
        for _ in range(self._chance.randrange(8)):
            await self.call()

    async def call_until(self, probe: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await probe():
                await self.call()


def read_calls(connection: Connection) -> list[tuple[str, str, int]]:
    """Linkedid, outcome and the number of entries."""
    found = connection.execute(
        text(
            "SELECT linkedid, outcome, (SELECT count(*) FROM timeline_entry e"
            " WHERE e.call_id = call.id AND e.kind = 'call') FROM call"
        )
    )
    return [(row[0], row[1], row[2]) for row in found]


async def ask_readiness(server: DeskServer) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/readyz") as answer:
        return answer.status, await answer.text()


def begin_another_file(url: str) -> None:
    """The log goes on in its next file: in one that it has in store, or in one for which there is no room."""
    with suppress(psycopg.OperationalError), psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_switch_wal()")


@pytest.mark.parametrize(
    ("full", "said"),
    [
        (("data",), "database: the disk is full"),
        (("wal",), "database: "),
        (("data", "wal"), "database: "),
    ],
    ids=["tables", "log", "both"],
)
async def test_calls_during_a_full_disk_are_stored_once(
    postgres: PostgresServer,
    postgres_url: str,
    disks: SmallDisks,
    tmp_path: Path,
    chance: random.Random,
    full: tuple[str, ...],
    said: str,
) -> None:
    async with serving(postgres_url, tmp_path) as server:

        async def is_said() -> bool:
            if "wal" in full:
                await asyncio.to_thread(begin_another_file, postgres_url)
            status, line = await ask_readiness(server)
            return status == 503 and said in line

        async def is_ready() -> bool:
            if not postgres.is_running:
                # Not in a thread of the pool: the server ends with the thread that started it.
                postgres.start()
            return (await ask_readiness(server))[0] == 200

        caller = Caller(server, chance)
        for _ in range(TIMES):
            await caller.call_a_while()
            for name in full:
                await asyncio.to_thread(disks.fill, name)
            await caller.call_until(is_said)
            await caller.call_a_while()
            for name in full:
                await asyncio.to_thread(disks.make_room, name)
            await caller.call_until(is_ready)
        await server.settle()
        assert sorted(await server.db.read(read_calls)) == sorted(caller.told)

"""Workers that are killed again and again, and poison among their work: each piece takes effect once, poison dies alone."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bridge.bus.redis import RedisBus
from bridge.domain.ports import Subject
from bridge.domain.times import utc_now
from bridge.domain.topic import Topic
from bridge.store import outbox
from bridge.store.engine import Database
from bridge.store.schema import dead_letter, feed
from bridge.store.schema import outbox as outbox_table
from tests.contract.desk_server import eventually
from tests.fakes.worker import POISON

pytestmark = pytest.mark.fault

ROOT = Path(__file__).parents[2]
PIECES, WORKERS, KILLS = 100, 2, 3


class Worker:
    """A process that is started again when it was killed."""

    def __init__(self, url: str, bus: str) -> None:
        self._command = (sys.executable, "-m", "tests.fakes.worker", url, bus)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
        )

    async def kill(self) -> None:
        assert self._process
        self._process.kill()
        await self._process.wait()


def put(connection: Connection, key: str) -> None:
    outbox.put(connection, Topic.TRANSCRIBE, key, utc_now())


def effects(connection: Connection) -> list[str]:
    return list(connection.scalars(select(feed.c.data).where(feed.c.type == "effect")))


def dead(connection: Connection) -> list[str]:
    return list(connection.scalars(select(dead_letter.c.key)))


def waiting(connection: Connection) -> list[str]:
    return list(connection.scalars(select(outbox_table.c.key)))


@pytest.mark.parametrize("bus", ["memory", "redis"])
async def test_whoever_is_killed_each_piece_takes_effect_once(
    db: Database, url: str, request: pytest.FixtureRequest, chance: random.Random, bus: str
) -> None:
    address = "memory://" if bus == "memory" else request.getfixturevalue("redis_server").url
    teller = RedisBus(address) if bus == "redis" else None
    poison = {f"{POISON}-{number}" for number in range(chance.randrange(1, 4))}
    pieces = [f"{number}" for number in range(PIECES)]
    sent = [*pieces, *poison]
    chance.shuffle(sent)
    moments = sorted(chance.sample(range(len(sent)), KILLS))
    workers = [Worker(url, address) for _ in range(WORKERS)]
    async with AsyncExitStack() as stack:
        for worker in workers:
            await worker.start()
            stack.push_async_callback(worker.kill)
        telling = asyncio.create_task(teller.run()) if teller else None
        for number, key in enumerate(sent):
            await db.write(put, key)
            if teller:
                teller.tell(Subject.WORK)
            if number in moments:
                # Not before they have come to some of it.
                await eventually(lambda: db.read(effects))
                victim = chance.choice(workers)
                await victim.kill()
                await victim.start()
            await asyncio.sleep(chance.random() * 0.01)

        async def all_done() -> bool:
            return not await db.read(waiting)

        await eventually(all_done, within=40)
        if telling:
            telling.cancel()
    assert Counter(await db.read(effects)) == Counter(pieces)
    assert Counter(await db.read(dead)) == Counter(poison)

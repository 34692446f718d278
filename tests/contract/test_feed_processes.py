"""Several processes on one database: one numbers the feed, all follow it, and work is shared, whatever the bus does."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
from sqlalchemy import Connection

from bridge.bus import redis as redis_bus
from bridge.bus.memory import MemoryBus
from bridge.bus.outbox import OutboxConsumer
from bridge.bus.redis import RedisBus
from bridge.bus.relay import LEASE, LEASE_LENGTH, FeedFollower, FeedRelay
from bridge.domain.live import EVERYONE
from bridge.domain.ports import Bus, Subject
from bridge.domain.times import utc_now
from bridge.domain.topic import Group, Topic
from bridge.store import feed, leases, outbox
from bridge.store.engine import Database
from bridge.store.outbox import Work
from tests.contract.desk_server import Clock, eventually
from tests.contract.test_bus import FAULTS
from tests.redis_server import RedisServer


def tell(connection: Connection, key: str, at: datetime) -> None:
    """Something happens: everybody is told, and there is work to do."""
    feed.append(connection, "happened", EVERYONE, key, at)
    outbox.put(connection, Topic.TRANSCRIBE, key, at)


class Process:
    """One of several: a relay, a follower and a consumer over a bus."""

    def __init__(self, url: str, bus: Bus, clock: Clock) -> None:
        self.db = Database(url)
        self.bus = bus
        self.clock = clock
        self.published: list[feed.FeedRow] = []
        self.done: list[str] = []
        self.follower = FeedFollower(self.db, bus, self._publish)
        self.relay = FeedRelay(self.db, bus, clock)
        self.consumer = OutboxConsumer(self.db, bus, Group.TRANSCRIBER, self._do, clock)

    @property
    def told(self) -> list[str]:
        return [row.data for row in self.published]

    async def tell(self, key: str) -> None:
        await self.db.write(tell, key, self.clock())
        self.bus.tell(Subject.FEED)
        self.bus.tell(Subject.WORK)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self.db.open()
        await self.follower.start()
        runs = (self.bus.run, self.relay.run, self.follower.run, self.consumer.run)
        tasks = [asyncio.create_task(run()) for run in runs]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.db.close()

    def _publish(self, rows: Sequence[feed.FeedRow]) -> None:
        self.published += rows

    async def _do(self, work: Work) -> None:
        if await self.db.write(outbox.finish, work.id):
            self.done.append(work.key)


@pytest.mark.fault
@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_happens_to_redis_nothing_is_lost_or_doubled(
    url: str,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[RedisServer], Callable[[], object]],
    seed: int,
) -> None:
    monkeypatch.setattr(redis_bus, "LONGEST_WAIT", 0.05)
    chance = random.Random(seed)
    breaks, mends = sorted(chance.sample(range(60), 2))
    sent = [f"{number}" for number in range(60)]
    one, other = (Process(url, RedisBus(redis_server.url), Clock()) for _ in range(2))
    async with one.running(), other.running():
        for number, key in enumerate(sent):
            if number == breaks:
                mend = await asyncio.to_thread(fault, redis_server)
            if number == mends:
                await asyncio.to_thread(mend)
            await chance.choice((one, other)).tell(key)
        for process in (one, other):
            await eventually(lambda process=process: len(process.published) >= len(sent))
        await eventually(lambda: len(one.done) + len(other.done) >= len(sent))
    for process in (one, other):
        assert Counter(process.told) == Counter(sent)
        assert [row.number for row in process.published] == list(range(1, len(sent) + 1))
    assert Counter(one.done + other.done) == Counter(sent)


async def test_the_lease_of_a_relay_that_died_passes_to_another(url: str) -> None:
    clock = Clock()
    clock.stop()
    process = Process(url, MemoryBus(), clock)
    async with process.running():
        assert await process.db.write(leases.take, LEASE, "dead", clock(), LEASE_LENGTH)
        await process.tell("a")
        await eventually(lambda: process.done == ["a"])
        assert process.told == []
        clock.ahead += LEASE_LENGTH
        await eventually(lambda: process.told == ["a"])


async def test_a_relay_that_stops_leaves_its_lease_to_the_next(url: str) -> None:
    for key in ("a", "b"):
        process = Process(url, MemoryBus(), Clock())
        async with process.running():
            await process.tell(key)
            await eventually(lambda process=process, key=key: process.told == [key])


async def test_a_lease_is_one_holders_and_survives_a_clock_that_goes_back(db: Database) -> None:
    now = utc_now()
    assert await db.write(leases.take, "ami:pbx1", "one", now, LEASE_LENGTH)
    assert not await db.write(leases.take, "ami:pbx1", "other", now, LEASE_LENGTH)
    assert await db.write(leases.take, "ami:pbx2", "other", now, LEASE_LENGTH)
    assert await db.write(leases.take, "ami:pbx1", "one", now + LEASE_LENGTH / 2, LEASE_LENGTH)
    assert not await db.write(leases.take, "ami:pbx1", "other", now + LEASE_LENGTH, LEASE_LENGTH)
    await db.write(leases.release, "ami:pbx1", "other")
    assert not await db.write(leases.take, "ami:pbx1", "other", now + LEASE_LENGTH, LEASE_LENGTH)
    a_day_ago = now - LEASE_LENGTH * 28800
    assert await db.write(leases.take, "ami:pbx1", "other", a_day_ago, LEASE_LENGTH)

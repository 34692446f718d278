"""The bus: what one process tells, the others take in its order; a Redis that is away makes it late."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bridge.bus import redis as redis_bus
from bridge.bus.memory import MemoryBus
from bridge.bus.redis import RedisBus
from bridge.bus.waker import Waker
from bridge.domain.ports import Bus, Subject
from bridge.errors import InvalidInput
from tests.contract.desk_server import eventually
from tests.redis_server import RedisServer


@dataclass
class Process:
    """One end of the bus, and what it has taken."""

    bus: Bus
    taken: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bus.follow(Subject.LIVE, self.taken.append)

    def tell(self, number: int) -> None:
        self.bus.tell(Subject.LIVE, b"%d" % number)


@asynccontextmanager
async def running(*buses: Bus) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(bus.run()) for bus in buses]
    for bus in buses:
        if isinstance(bus, RedisBus):
            await bus.joined()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        async with asyncio.timeout(30):
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture(params=["memory", "redis"])
async def ends(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Process, Process]]:
    """Two ends of one bus: of two processes where it reaches as far."""
    if request.param == "memory":
        bus = MemoryBus()
        async with running(bus):
            yield Process(bus), Process(bus)
        return
    url = request.getfixturevalue("redis_server").url
    one, other = RedisBus(url), RedisBus(url)
    async with running(one, other):
        yield Process(one), Process(other)


async def test_what_one_tells_everybody_takes_once_and_in_order(ends: tuple[Process, Process]) -> None:
    one, other = ends
    for number in range(2000):
        one.tell(number)
    told = [b"%d" % number for number in range(2000)]
    assert one.taken == told
    await eventually(lambda: other.taken == told)
    other.tell(2000)
    await eventually(lambda: one.taken[-1] == b"2000")
    assert len(one.taken) == 2001


async def test_a_message_is_bytes_and_reaches_only_those_who_follow_its_subject(
    ends: tuple[Process, Process],
) -> None:
    one, other = ends
    work: list[bytes] = []
    other.bus.follow(Subject.WORK, work.append)
    one.bus.tell(Subject.WORK, b"\x00\xff\r\n")
    one.tell(1)
    await eventually(lambda: other.taken)
    assert (work, other.taken) == ([b"\x00\xff\r\n"], [b"1"])


async def test_who_waits_is_woken_also_by_what_was_told_before(ends: tuple[Process, Process]) -> None:
    one, other = ends
    waker = Waker(other.bus, Subject.WORK)
    async with asyncio.timeout(30):
        waiting = asyncio.create_task(waker.wait(60))
        one.bus.tell(Subject.WORK)
        await waiting
        one.bus.tell(Subject.WORK)
        await waker.wait(60)
    await waker.wait(0.001)


async def test_an_address_that_is_no_redis_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"bus\.url"):
        RedisBus("http://127.0.0.1")


# A Redis that goes wrong: what is told meanwhile comes late.


def empty(server: RedisServer) -> Callable[[], object]:
    server.ask("FLUSHALL")
    return lambda: None


def kill(server: RedisServer) -> Callable[[], object]:
    server.stop(signal.SIGKILL)
    return server.start


def make_read_only(server: RedisServer) -> Callable[[], object]:
    server.ask("REPLICAOF", "127.0.0.1", 1)
    return lambda: server.ask("REPLICAOF", "NO", "ONE")


def ask_for_replicas(server: RedisServer) -> Callable[[], object]:
    server.ask("CONFIG", "SET", "min-replicas-to-write", 1)
    return lambda: server.ask("CONFIG", "SET", "min-replicas-to-write", 0)


def fill(server: RedisServer) -> Callable[[], object]:
    server.ask("CONFIG", "SET", "maxmemory", 1)
    return lambda: server.ask("CONFIG", "SET", "maxmemory", 0)


FAULTS = [empty, kill, make_read_only, ask_for_replicas, fill]
FORGETTING = [empty, kill]
"""Redis has lost then what it had taken and nobody had read yet."""


@pytest.mark.fault
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_at_any_moment_makes_it_late(
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[RedisServer], Callable[[], object]],
    seed: int,
) -> None:
    monkeypatch.setattr(redis_bus, "LONGEST_WAIT", 0.05)
    chance = random.Random(seed)
    breaks, mends = sorted(chance.sample(range(1000), 2))
    one, other = (Process(RedisBus(redis_server.url)) for _ in range(2))
    async with running(one.bus, other.bus):
        for number in range(1000):
            if number == breaks:
                mend = await asyncio.to_thread(fault, redis_server)
            if number == mends:
                await asyncio.to_thread(mend)
            one.tell(number)
            await asyncio.sleep(chance.choice((0, 0, 0.001)))
        await eventually(lambda: b"999" in other.taken)
    taken = [int(message) for message in other.taken]
    first_of_each = list(dict.fromkeys(taken))
    assert first_of_each == sorted(first_of_each)
    if fault not in FORGETTING:
        assert first_of_each == list(range(1000))

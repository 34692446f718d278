"""bus: time that one event needs from one process's end of the bus to the other's, many in a row.

`raw_redis` is redis-py alone: pipelined XADDs, and XREADs of as many as there are. Goal: at least 0.8 of its events a
second, through Redis and through memory.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis

from benchmarks.harness import Ratio, Result, Size, measure
from bridge.bus.memory import MemoryBus
from bridge.bus.redis import RedisBus
from bridge.domain.ports import Bus, Subject
from tests.redis_server import RedisServer

EVENTS = {Size.SMALL: 10_000, Size.FULL: 100_000}
EVENT = b"x" * 300
"""About what a change of an agent's state is."""
TOGETHER = 500
GOALS = [Ratio("redis", "raw_redis", 1 / 0.8), Ratio("memory", "raw_redis", 1 / 0.8)]


def run(size: Size) -> Result:
    events = EVENTS[size]
    server = RedisServer()
    try:

        def contestant(carry: Callable[[str, int], Awaitable[None]]) -> Callable[[], float]:
            def sample() -> float:
                server.ask("FLUSHALL")
                began = time.perf_counter()
                asyncio.run(carry(server.url, events))
                return (time.perf_counter() - began) / events * 1e6

            return sample

        contestants = {"raw_redis": raw_redis, "redis": redis, "memory": memory}
        samples = measure({name: contestant(carry) for name, carry in contestants.items()})
    finally:
        server.remove()
    return Result("bus", "us an event", samples, GOALS, notes={"events a round": events})


async def raw_redis(url: str, events: int) -> None:
    async with Redis.from_url(url) as writer, Redis.from_url(url) as reader:

        async def write() -> None:
            for _ in range(0, events, TOGETHER):
                pipeline: Any = writer.pipeline(transaction=False)
                for _ in range(TOGETHER):
                    pipeline.xadd("raw", {b"event": EVENT}, maxlen=100_000, approximate=True)
                await pipeline.execute()

        async def read() -> None:
            position, taken = b"0-0", 0
            while taken < events:
                found: Any = await reader.xread({"raw": position}, count=TOGETHER, block=1000)
                ((_, entries),) = found
                taken += len(entries)
                position = entries[-1][0]

        await asyncio.gather(write(), read())


async def redis(url: str, events: int) -> None:
    one, other = RedisBus(url), RedisBus(url)
    running = [asyncio.create_task(bus.run()) for bus in (one, other)]
    await other.joined()
    await _carry(one, other, events)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def memory(_url: str, events: int) -> None:
    bus = MemoryBus()
    await _carry(bus, bus, events)


async def _carry(one: Bus, other: Bus, events: int) -> None:
    left, done = events, asyncio.Event()

    def take(_message: bytes) -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    other.follow(Subject.LIVE, take)
    for _ in range(0, events, TOGETHER):
        for _ in range(TOGETHER):
            one.tell(Subject.LIVE, EVENT)
        await asyncio.sleep(0)
    await done.wait()

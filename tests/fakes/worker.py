"""A process that does work of the outbox, to be killed: `python -m tests.fakes.worker DATABASE BUS`."""

from __future__ import annotations

import asyncio
import random
import sys
from datetime import timedelta

from sqlalchemy import Connection

from bridge.bus import outbox as consumers
from bridge.bus.memory import MemoryBus
from bridge.bus.outbox import OutboxConsumer
from bridge.bus.redis import RedisBus
from bridge.domain.live import EVERYONE
from bridge.domain.ports import Bus
from bridge.domain.times import utc_now
from bridge.domain.topic import Group
from bridge.store import feed, outbox
from bridge.store.engine import Database
from bridge.store.outbox import Work

POISON = "poison"
"""How the key of work that nobody can do begins."""
KEPT_SECONDS = 1.0


def take_effect(connection: Connection, work: Work) -> None:
    if outbox.finish(connection, work.id):
        feed.append(connection, "effect", EVERYONE, work.key, utc_now())


async def run(database: str, bus: Bus) -> None:
    db = Database(database)
    await db.open()

    async def do(work: Work) -> None:
        await asyncio.sleep(random.uniform(0, 0.02))
        if work.key.startswith(POISON):
            raise ValueError("of no use")
        await db.write(take_effect, work)

    consumer = OutboxConsumer(db, bus, Group.TRANSCRIBER, do, utc_now)
    await asyncio.gather(bus.run(), consumer.run())


if __name__ == "__main__":
    # Whoever waits for a dead one waits less long here.
    consumers.KEPT = timedelta(seconds=KEPT_SECONDS)  # type: ignore[misc]
    consumers.RENEW_SECONDS = KEPT_SECONDS / 3  # type: ignore[misc]
    address, bus_url = sys.argv[1:]
    asyncio.run(run(address, RedisBus(bus_url) if bus_url.startswith(("redis", "unix")) else MemoryBus()))

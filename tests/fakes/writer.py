"""A process that writes numbers and prints each once it is kept, to be killed: `python -m tests.fakes.writer DATABASE FIRST`."""

from __future__ import annotations

import asyncio
import sys

from sqlalchemy import Connection

from bridge.domain.live import EVERYONE
from bridge.domain.times import utc_now
from bridge.store import feed
from bridge.store.engine import Database

AT_ONCE = 10


def put(connection: Connection, number: int) -> None:
    feed.append(connection, "number", EVERYONE, number, utc_now())


async def run(url: str, first: int) -> None:
    db = Database(url)
    await db.open()

    async def write(number: int) -> None:
        while True:
            await db.write(put, number)
            print(number, flush=True)
            number += AT_ONCE

    await asyncio.gather(*(write(first + number) for number in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], int(sys.argv[2])))

"""A process that is killed while it writes: what it was told is kept is there once, also behind a torn log."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bridge.store.engine import Database
from bridge.store.schema import feed
from tests.fakes.writer import AT_ONCE, put

pytestmark = pytest.mark.fault

ROOT = Path(__file__).parents[2]


def stored(connection: Connection) -> list[int]:
    """In the order of their commits."""
    return list(connection.scalars(select(feed.c.data).where(feed.c.type == "number").order_by(feed.c.id)))


async def write_until_killed(url: str, kept: int) -> list[int]:
    """What the process said is kept, when it had said so of that many."""
    command = (sys.executable, "-m", "tests.fakes.writer", url, "0")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    assert process.stdout
    said = [await process.stdout.readline() for _ in range(kept)]
    process.kill()
    said += (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()
    return [int(line) for line in said if line.endswith(b"\n")]


async def go_on(url: str) -> list[int]:
    """What is stored, by a store that goes on after."""
    db = Database(url)
    await db.open()
    found = await db.read(stored)
    await db.write(put, -1)
    assert await db.read(stored) == [*found, -1]
    await db.close()
    return found


async def test_what_was_kept_when_it_was_killed_is_there_once(url: str, chance: random.Random) -> None:
    kept = Counter(await write_until_killed(url, chance.randrange(1, 400)))
    found = Counter(await go_on(url))
    # Of each of those that write at once, one more may be kept that nobody was told of.
    assert kept <= found
    assert found.total() <= kept.total() + AT_ONCE
    assert set(found.values()) == {1}


async def test_behind_a_torn_log_is_all_that_was_kept_before_the_tear(
    sqlite_url: str, chance: random.Random
) -> None:
    """As after a power cut on a disk that did not write what it said it had."""
    said = await write_until_killed(sqlite_url, chance.randrange(50, 400))
    log = Path(sqlite_url.removeprefix("sqlite:///") + "-wal")
    whole = log.read_bytes()
    place = chance.randrange(len(whole))
    torn = whole[:place] if chance.random() < 0.5 else whole[:place] + chance.randbytes(len(whole) - place)
    log.write_bytes(torn)
    log.with_name(log.name.replace("-wal", "-shm")).unlink(missing_ok=True)
    found = await go_on(sqlite_url)
    assert set(Counter(found).values()) <= {1}
    # Each writer's own numbers go up by as much without a gap: nothing that is there lacks what was kept before it.
    for first in range(AT_ONCE):
        own = [number for number in found if number % AT_ONCE == first]
        assert own == list(range(first, first + AT_ONCE * len(own), AT_ONCE))
    assert len(found) <= len(said) + AT_ONCE

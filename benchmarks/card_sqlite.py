"""card_sqlite: CPU time of the card that is shown while the phone rings, of random customers, on SQLite.

`ours` is `read_card` as the pop asks for it: `Database.read`, in its pool of threads. `raw` are the very statements of those
very cards, recorded beforehand, executed and fetched by the bare driver in a pool of as many threads. Each on a small and on a
large timeline, and for customers that are LEAVES leaves. Goals: at most 1.6 times the driver, and at most 1.5 times as much on
the large one as on the small one.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection

from benchmarks.dataset import CUSTOMERS as LARGE
from benchmarks.dataset import LEAVES, Dataset, build_of
from benchmarks.harness import ROUNDS, Ratio, Result, Size, measure
from bridge.domain.card import Card
from bridge.store.card import read_card
from bridge.store.dialect import reader_engine
from bridge.store.engine import READERS, Database

CARDS = {Size.SMALL: 200, Size.FULL: 10_000}
COUNTED_ROUNDS = {Size.SMALL: 25, Size.FULL: ROUNDS}
"""Many short ones, where there are few cards: what else the machine does meets all contestants alike."""
SMALLEST = 1_000
"""Customers of the small timeline: 10,000 entries."""
OVERHEAD, GROWTH = 1.6, 1.5

Statement = tuple[str, Any]
"""SQL and its arguments, as the driver is given them."""


def run(size: Size) -> Result:
    small, large = build_of(SMALLEST), build_of(LARGE[size])
    chance = random.Random(1)
    groups = {
        "few entries": (small, range(small.single)),
        "many entries": (large, range(large.single)),
        f"{LEAVES} leaves": (large, range(large.single, large.customers)),
    }
    with asyncio.Runner() as runner, contextlib.ExitStack() as stack:
        contestants: dict[str, Callable[[], float]] = {}
        for group, (data, customers) in groups.items():
            numbers = [data.phone(chance.choice(customers)) for _ in range(CARDS[size])]
            db = Database(data.url)
            runner.run(db.open())
            stack.callback(_close, runner, db)
            pool = stack.enter_context(ThreadPoolExecutor(READERS))
            contestants[f"ours, {group}"] = _ours(runner, db, numbers)
            contestants[f"raw, {group}"] = _raw(runner, pool, data, list(_record(data, numbers)))
        samples = measure(contestants, COUNTED_ROUNDS[size])
    goals = [Ratio(f"ours, {group}", f"raw, {group}", OVERHEAD) for group in groups]
    goals.append(Ratio("ours, many entries", "ours, few entries", GROWTH))
    notes: dict[str, int | float | str] = {
        "cards a round": CARDS[size],
        "entries": f"{small.entries} and {large.entries}",
    }
    return Result("card_sqlite", "us of CPU a card", samples, goals, notes=notes)


def _close(runner: asyncio.Runner, db: Database) -> None:
    runner.run(db.close())


def _card(connection: Connection, number: str) -> Card:
    return read_card(connection, call_id="", caller=number, dialled="", number=number)


def _ours(runner: asyncio.Runner, db: Database, numbers: list[str]) -> Callable[[], float]:
    async def look_up() -> None:
        for number in numbers:
            card = await db.read(_card, number)
            assert card.customer is not None

    return lambda: _cpu_us(runner, look_up()) / len(numbers)


def _raw(
    runner: asyncio.Runner, pool: ThreadPoolExecutor, data: Dataset, cards: list[list[Statement]]
) -> Callable[[], float]:
    held = threading.local()

    def fetch(statements: list[Statement]) -> None:
        connection: Connection | None = getattr(held, "connection", None)
        if connection is None:
            connection = held.connection = reader_engine(data.url).connect()
        driver: Any = connection.connection.driver_connection
        for text, arguments in statements:
            driver.execute(text, arguments).fetchall()

    async def look_up() -> None:
        loop = asyncio.get_running_loop()
        for statements in cards:
            await loop.run_in_executor(pool, fetch, statements)

    return lambda: _cpu_us(runner, look_up()) / len(cards)


def _record(data: Dataset, numbers: list[str]) -> Iterator[list[Statement]]:
    """What the driver is asked for each card."""
    engine = reader_engine(data.url)
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        asked: list[Statement] = []

        def execute(text: str, arguments: Any) -> sqlite3.Cursor:
            asked.append((text, arguments))
            found: sqlite3.Cursor = driver.execute(text, arguments)
            return found

        listening: Any = SimpleNamespace(
            dialect=connection.dialect,
            connection=SimpleNamespace(dbapi_connection=SimpleNamespace(execute=execute)),
        )
        for number in numbers:
            asked.clear()
            _card(listening, number)
            yield list(asked)


def _cpu_us(runner: asyncio.Runner, work: Any) -> float:
    """Of all threads of this process."""
    before = time.process_time()
    runner.run(work)
    return (time.process_time() - before) * 1e6

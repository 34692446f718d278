"""The contestants of card_sqlite, card_pg and card_flat: the card that is shown while the phone rings, of random customers.

`ours` is `read_card` as the pop asks for it: `Database.read`, in its pool of threads. `raw` are the very statements of those
very cards, recorded beforehand, executed and fetched by the bare driver in a pool of as many threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection

from benchmarks.dataset import LEAVES, Dataset
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
OVERHEAD = 1.6

Statement = tuple[str, Any]
"""SQL and its arguments, as the driver is given them."""
Group = tuple[Dataset, range]
"""Customers of a data set."""


def single(data: Dataset) -> Group:
    return data, range(data.single)


def merged(data: Dataset) -> Group:
    """Those that are LEAVES leaves each."""
    return data, range(data.single, data.customers)


class Bench:
    """Keeps what its contestants hold open until the block ends. `clock` tells seconds, without one of CPU of all threads of
    this process."""

    def __init__(self, size: Size, clock: Callable[[], float] = time.process_time) -> None:
        self._clock = clock
        self._count = CARDS[size]
        self._chance = random.Random(1)
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Bench:
        self._runner = self._stack.enter_context(asyncio.Runner())
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def numbers(self, group: Group) -> list[str]:
        data, customers = group
        return [data.phone(self._chance.choice(customers)) for _ in range(self._count)]

    def ours(self, url: str, numbers: Sequence[str]) -> Callable[[], float]:
        db = Database(url)
        self._runner.run(db.open())
        self._stack.callback(lambda: self._runner.run(db.close()))

        async def look_up() -> None:
            for number in numbers:
                card = await db.read(_card, number)
                assert card.customer is not None

        return lambda: self._spent_us(look_up()) / len(numbers)

    def raw(self, url: str, numbers: Sequence[str]) -> Callable[[], float]:
        cards = list(record(url, numbers))
        pool = self._stack.enter_context(ThreadPoolExecutor(READERS))
        held = threading.local()

        def fetch(statements: list[Statement]) -> None:
            connection: Connection | None = getattr(held, "connection", None)
            if connection is None:
                connection = held.connection = reader_engine(url).connect()
            driver: Any = connection.connection.driver_connection
            for text, arguments in statements:
                driver.execute(text, arguments).fetchall()

        async def look_up() -> None:
            loop = asyncio.get_running_loop()
            for statements in cards:
                await loop.run_in_executor(pool, fetch, statements)

        return lambda: self._spent_us(look_up()) / len(cards)

    def _spent_us(self, work: Any) -> float:
        before = self._clock()
        self._runner.run(work)
        return (self._clock() - before) * 1e6


def beside_the_driver(name: str, size: Size, groups: Mapping[str, Group]) -> Result:
    """Each group of customers against the bare driver; goal: OVERHEAD times."""
    with Bench(size) as bench:
        contestants: dict[str, Callable[[], float]] = {}
        for group, customers in groups.items():
            url, numbers = customers[0].url, bench.numbers(customers)
            contestants[f"ours, {group}"] = bench.ours(url, numbers)
            contestants[f"raw, {group}"] = bench.raw(url, numbers)
        samples = measure(contestants, COUNTED_ROUNDS[size])
    goals = [Ratio(f"ours, {group}", f"raw, {group}", OVERHEAD) for group in groups]
    notes: dict[str, int | float | str] = {
        "cards a round": CARDS[size],
        "entries": " and ".join(str(n) for n in sorted({data.entries for data, _ in groups.values()})),
        "leaves of the merged": LEAVES,
    }
    return Result(name, "us of CPU a card", samples, goals, notes=notes)


def _card(connection: Connection, number: str) -> Card:
    return read_card(connection, call_id="", caller=number, dialled="", number=number)


def record(url: str, numbers: Sequence[str]) -> Iterator[list[Statement]]:
    """What the driver is asked for each card."""
    with reader_engine(url).connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        asked: list[Statement] = []

        def execute(text: str, arguments: Any) -> Any:
            asked.append((text, arguments))
            return driver.execute(text, arguments)

        listening: Any = SimpleNamespace(
            dialect=connection.dialect,
            connection=SimpleNamespace(dbapi_connection=SimpleNamespace(execute=execute)),
        )
        for number in numbers:
            asked.clear()
            _card(listening, number)
            yield list(asked)

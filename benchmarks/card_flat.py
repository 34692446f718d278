"""card_flat: time that the card of a random customer takes as the timeline grows, on both engines, also of customers that are
several leaves. Elapsed, for PostgreSQL works in processes of its own.

Goal: at most 1.5 times as much on the large timeline as on one of 10,000 entries.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.cards import CARDS, COUNTED_ROUNDS, SMALLEST, Bench, merged, single
from benchmarks.dataset import CUSTOMERS, Dataset, build_of, fill_postgres
from benchmarks.harness import Ratio, Result, Size, measure
from tests.postgres import PostgresServer

GROWTH = 1.5


def run(size: Size) -> Result:
    server = PostgresServer()
    try:
        with server.database() as few, server.database() as many, Bench(size, time.perf_counter) as bench:
            engines: dict[str, tuple[Dataset, Dataset]] = {
                "SQLite": (build_of(SMALLEST), build_of(CUSTOMERS[size])),
                "PostgreSQL": (fill_postgres(few, SMALLEST), fill_postgres(many, CUSTOMERS[size])),
            }
            contestants: dict[str, Callable[[], float]] = {}
            goals = []
            for engine, (small, large) in engines.items():
                for leaves, of in (("one leaf", single), ("5 leaves", merged)):
                    name = f"{engine}, {leaves}"
                    contestants[f"{name}, few"] = bench.ours(small.url, bench.numbers(of(small)))
                    contestants[f"{name}, many"] = bench.ours(large.url, bench.numbers(of(large)))
                    goals.append(Ratio(f"{name}, many", f"{name}, few", GROWTH))
            samples = measure(contestants, COUNTED_ROUNDS[size])
    finally:
        server.remove()
    notes: dict[str, int | float | str] = {
        "cards a round": CARDS[size],
        "entries": f"{small.entries} and {large.entries}",
    }
    return Result("card_flat", "us a card", samples, goals, notes=notes)

"""find_words: how long the newest 50 entries with a word take, at the slowest of a hundred: words of at most 1 % of the
entries, two of them together, words that almost nothing has; the entries are read as well.

Goal: p99 of each within 150 ms, of 10 M entries. The commonest words are printed beside, without a goal.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.dataset import VOCABULARY, build, vocabulary
from benchmarks.harness import Bound, Result, Size, measure
from benchmarks.pop_latency import percentile
from bridge.store import timeline, words
from bridge.store.engine import connect_reader

SEARCHES = {Size.SMALL: 100, Size.FULL: 200}
HITS = 50
LIMIT_MS = 150.0
COMMON: Final = 150
"""Rank of the first word that at most one entry in a hundred has."""
WAYS: Final = {
    "one word": (1, COMMON, VOCABULARY),
    "one word of about 1 %": (1, COMMON, COMMON * 2),
    "two words": (2, COMMON, VOCABULARY // 20),
    "common words": (2, 0, COMMON),
}
"""How many words of which ranks."""


def run(size: Size) -> Result:
    data = build(size)
    connection = connect_reader(data.url)
    chance = random.Random(3)
    known = vocabulary()

    def contestant(count: int, ranked: Sequence[str]) -> Callable[[], float]:
        def sample() -> float:
            times = []
            for _ in range(SEARCHES[size]):
                asked = " ".join(chance.sample(ranked, count))
                before = time.perf_counter()
                found = words.find_entries(connection, asked, limit=HITS)
                timeline.list_entries(connection, [each.entry_id for each in found])
                times.append((time.perf_counter() - before) * 1e3)
            return percentile(times, 99)

        return sample

    samples = measure({way: contestant(count, known[low:high]) for way, (count, low, high) in WAYS.items()})
    connection.close()
    goals = [Bound(way, LIMIT_MS) for way, (_, low, _) in WAYS.items() if low]
    notes = {"entries": data.entries, "searches a round": SEARCHES[size]}
    return Result("find_words", "ms, p99", samples, goals, notes=notes)

"""card_sqlite: CPU time of the card of a random customer on SQLite, on a small and on a large timeline, and of customers that
are several leaves. Goal: at most 1.6 times the bare driver with the same statements.
"""

from __future__ import annotations

from benchmarks.cards import SMALLEST, beside_the_driver, merged, single
from benchmarks.dataset import build, build_of
from benchmarks.harness import Result, Size


def run(size: Size) -> Result:
    large = build(size)
    groups = {
        "few entries": single(build_of(SMALLEST)),
        "many entries": single(large),
        "5 leaves": merged(large),
    }
    return beside_the_driver("card_sqlite", size, groups)

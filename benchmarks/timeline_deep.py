"""timeline_deep: what a page of a timeline of 100 k entries costs, the first and the two thousandth, also of a merged
person with five leaves.

Goal: the deep page at most 1.3 times the first one.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from benchmarks.harness import Ratio, Result, Size, measure
from bridge.domain.entry import EntryKind
from bridge.store import people, timeline
from bridge.store.dialect import writer_engine
from bridge.store.engine import connect_reader
from bridge.store.migrations import upgrade
from bridge.store.people import NewCustomer
from bridge.store.timeline import NewEntry

ENTRIES = {Size.SMALL: 20_000, Size.FULL: 100_000}
LIMIT = 50
LEAVES = 5
READS = 200
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
GOALS = [Ratio("deep", "first", 1.3), Ratio("deep, merged", "first, merged", 1.3)]


def run(size: Size) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'timeline.sqlite3'}"
        upgrade(url)
        with writer_engine(url).connect() as writing, writing.begin():
            # Some more than that, so that the deep page is not the last one, which has less to choose from.
            entries = ENTRIES[size] + LEAVES * LIMIT
            one, five = fill(writing, entries, 1), fill(writing, entries, LEAVES)
        connection = connect_reader(url)
        last = ENTRIES[size] // LIMIT
        contestants = {
            "first": page(connection, one, None),
            "deep": page(connection, one, place_of(connection, one, last)),
            "first, merged": page(connection, five, None),
            "deep, merged": page(connection, five, place_of(connection, five, last)),
        }
        samples = measure(contestants)
        connection.close()
    notes = {"entries": ENTRIES[size], "deep is page": last, "leaves of the merged": LEAVES}
    return Result("timeline_deep", "us a page", samples, GOALS, notes=notes)


def fill(connection: Connection, entries: int, leaves: int) -> list[str]:
    """That many entries over that many leaves; the leaves."""
    ids = [people.make_customer(connection, NewCustomer(name="Олена Шевченко"), SINCE) for _ in range(leaves)]
    for n in range(entries):
        timeline.append(
            connection,
            NewEntry(
                kind=EntryKind.MESSAGE,
                source=f"benchmark/{leaves}",
                source_key=str(n),
                at=SINCE + timedelta(seconds=n),
                body="Коли прийде моє замовлення?",
                channel="email",
                customer_id=ids[n % leaves],
            ),
        )
    return ids


def place_of(connection: Connection, leaves: Sequence[str], number: int) -> str:
    """The cursor of that page."""
    before = None
    for _ in range(number - 1):
        before = timeline.read_page(connection, leaves, limit=LIMIT, before=before).next
    assert before is not None
    return before


def page(connection: Connection, leaves: Sequence[str], before: str | None) -> Callable[[], float]:
    def sample() -> float:
        started = time.perf_counter()
        for _ in range(READS):
            items = timeline.read_page(connection, leaves, limit=LIMIT, before=before).items
            assert len(items) == LIMIT
        return (time.perf_counter() - started) / READS * 1e6

    return sample

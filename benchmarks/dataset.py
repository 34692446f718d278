"""The data that cards are looked up in: customers with a phone and a mail address, and their timelines.

The last tenth of them are LEAVES customers each who turned out to be one person.

Built once for each size and kept under .cache/benchmarks/, through the migrations of the product, so triggers and
indexes are those of production. Entries of one customer are spread over the whole table, as time spreads them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, create_engine, insert, text
from sqlalchemy.schema import CreateIndex, DropIndex

from benchmarks.harness import Size
from bridge.store import schema
from bridge.store.migrations import upgrade

CACHE = Path(__file__).parent.parent / ".cache" / "benchmarks"
CUSTOMERS = {Size.SMALL: 10_000, Size.FULL: 1_000_000}
ENTRIES_EACH = 10
BATCH = 5_000
LEAVES = 5
VERSION = 2
"""Raise it when what is built changes."""

_SINCE = datetime(2025, 1, 1, tzinfo=UTC)
_BODY = "Добрий день! Підкажіть, будь ласка, коли прийде моє замовлення? "


@dataclass(frozen=True, slots=True)
class Dataset:
    url: str
    customers: int
    entries: int

    @property
    def single(self) -> int:
        """Customers below this number are one leaf each."""
        return self.customers * 9 // 10

    def canonical(self, number: int) -> int:
        return number if number < self.single else number - (number - self.single) % LEAVES

    def phone(self, number: int) -> str:
        """The phone of a customer, a valid Ukrainian mobile number in E.164."""
        return f"+38067{number:07d}"


def build(size: Size) -> Dataset:
    """The data set of that size, made if it is not there yet."""
    return build_of(CUSTOMERS[size])


def build_of(customers: int) -> Dataset:
    """The data set of so many customers, made if it is not there yet."""
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / f"{customers}-{VERSION}.sqlite3"
    data = Dataset(f"sqlite:///{path}", customers, customers * ENTRIES_EACH)
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        print(f"building {customers} customers, {data.entries} entries: {path.name}", flush=True)
        _fill(f"sqlite:///{unfinished}", data)
        unfinished.rename(path)
    upgrade(data.url)  # a file that was built before the newest migration
    return data


def _fill(url: str, data: Dataset) -> None:
    upgrade(url)
    engine = create_engine(url)
    indexes = [index for index in schema.timeline_entry.indexes if not index.unique]
    with engine.connect() as connection:
        connection.execute(text("PRAGMA synchronous = OFF"))
        for index in indexes:
            connection.execute(DropIndex(index))
        _insert(connection, schema.customer, _customers(data))
        _insert(connection, schema.identity, _identities(data))
        _insert(connection, schema.timeline_entry, _entries(data))
        for index in indexes:
            connection.execute(CreateIndex(index))
        connection.execute(text("ANALYZE"))
        connection.commit()
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    engine.dispose()


def _insert(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    while batch := list(islice(rows, BATCH)):
        connection.execute(insert(table), batch)
        connection.commit()


def _id(table: int, number: int) -> str:
    """A uuid7 by its form, in the order of `number`."""
    return f"018f0000-{table:04x}-7000-8000-{number:012x}"


def _customers(data: Dataset) -> Iterator[dict[str, Any]]:
    for n in range(data.customers):
        name = f"Клієнт {n}"
        yield {
            "id": _id(1, n),
            "canonical_id": _id(1, data.canonical(n)),
            "kind": "person",
            "name": name,
            "folded_name": name.casefold(),
            "language": "uk",
            "vip": n % 20 == 0,
            "created_at": _SINCE,
            "updated_at": _SINCE,
        }


def _identities(data: Dataset) -> Iterator[dict[str, Any]]:
    evidence: dict[str, str] = {"source": "benchmark"}
    for n in range(data.customers):
        phone = ("phone", data.phone(n))
        mail = ("email", f"customer{n}@sample.example")
        for m, (kind, address) in enumerate((phone, mail)):
            yield {
                "id": _id(2 + m, n),
                "customer_id": _id(1, n),
                "kind": kind,
                "scope": "",
                "address": address,
                "strength": "claimed",
                "evidence": evidence,
                "since": _SINCE,
            }


def _entries(data: Dataset) -> Iterator[dict[str, Any]]:
    chance = random.Random(1)
    channels: Sequence[str] = ("phone", "email", "chat", "sms")
    for n in range(data.entries):
        customer = _id(1, chance.randrange(data.customers))
        at = _SINCE + timedelta(seconds=n)
        yield {
            "id": _id(9, n),
            "customer_id": customer,
            "arrived_customer_id": customer,
            "channel": channels[n % 4],
            "kind": "message",
            "direction": "outbound" if n % 5 == 0 else "inbound",
            "author": "",
            "source": "benchmark",
            "source_key": f"{n:012d}",
            "occurred_at": at,
            "recorded_at": at,
            "body": _BODY * (1 + n % 3),
            "payload": {},
        }

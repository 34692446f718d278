"""The data that cards are looked up in and that is searched: customers with a phone and a mail address, their timelines.

Names and texts are made of invented words, of which some are as common and most as rare as words of a language are.

The last tenth of them are LEAVES customers each who turned out to be one person.

Built once for each size and kept under .cache/benchmarks/, through the migrations of the product, so triggers and
indexes are those of production. Entries of one customer are spread over the whole table, as time spreads them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, chain, islice
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, create_engine, insert, select, text
from sqlalchemy.schema import CreateIndex, DropIndex

from benchmarks.harness import Size
from bridge.domain.terms import terms_of
from bridge.store import customer_words, schema, words
from bridge.store.dialect import reader_engine, writer_engine
from bridge.store.migrations import upgrade

CACHE = Path(__file__).parent.parent / ".cache" / "benchmarks"
CUSTOMERS = {Size.SMALL: 10_000, Size.FULL: 1_000_000}
ENTRIES_EACH = 10
BATCH = 5_000
LEAVES = 5
VERSION = 2
"""Raise it when what is built changes."""

VOCABULARY = 30_000
"""Words that entries are made of; the n-th is as common as 1 / (n + 10)."""

_SINCE = datetime(2025, 1, 1, tzinfo=UTC)
_FIRST = (
    *("Олена", "Олександр", "Марія", "Андрій", "Наталія", "Сергій", "Ірина", "Володимир", "Оксана", "Дмитро"),
    *("Тетяна", "Іван", "Юлія", "Михайло", "Світлана", "Петро", "Катерина", "Богдан", "Анна", "Тарас"),
    *("Людмила", "Роман", "Галина", "Максим", "Соломія", "Назар", "Віра", "Степан", "Дарина", "Остап"),
)
_FAMILIES = ("енко", "ук", "чук", "ський", "івна", "ишин", "ак", "ець")
_SYLLABLES = [first + second for first in "бвгдзклмнпрстфхцчш" for second in "аеиоу"]
_HOSTS = ("gmail.example", "ukr.example", "mail.example", "firma.example")


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

    def name(self, number: int) -> str:
        """First name and family name of a customer; several thousand families, some of many."""
        chance = random.Random(number)
        root = "".join(chance.choice(_SYLLABLES[:: 1 + chance.randrange(3)]) for _ in range(2))
        return f"{chance.choice(_FIRST)} {root.capitalize()}{chance.choice(_FAMILIES)}"

    def mail(self, number: int) -> str:
        return f"customer.{number:x}@{_HOSTS[number % len(_HOSTS)]}"


def vocabulary() -> list[str]:
    """The words of the entries, the commonest first."""
    chance = random.Random(7)
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        words["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4)))] = None
    return list(words)


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


def fill_postgres(url: str, customers: int) -> Dataset:
    """What cards are made of, of so many customers, in an empty migrated database on PostgreSQL; not kept for another time."""
    data = Dataset(url, customers, customers * ENTRIES_EACH)
    with writer_engine(url).connect() as connection:
        # What is built fits together: neither guards nor foreign keys need to look at it.
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("SET maintenance_work_mem = '1GB'"))
        with _indexed_after(connection):
            _copy(connection, schema.customer, _customers(data))
            _copy(connection, schema.identity, _identities(data))
            _copy(connection, schema.timeline_entry, _entries(data))
        connection.commit()
    with reader_engine(url).connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return data


def _fill(url: str, data: Dataset) -> None:
    upgrade(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text("PRAGMA synchronous = OFF"))
        connection.execute(text("PRAGMA cache_size = -1000000"))
        with _indexed_after(connection):
            _insert(connection, schema.customer, _customers(data))
            _insert(connection, schema.identity, _identities(data))
            _insert_sorted(connection, schema.customer_word, _customer_words(data))
            _insert_sorted(connection, schema.word_key, _word_keys(data))
            _insert(connection, schema.timeline_entry, _entries(data))
            _insert(connection, schema.entry_words, _entry_words(connection))
        connection.execute(text("ANALYZE"))
        connection.commit()
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    engine.dispose()


@contextmanager
def _indexed_after(connection: Connection) -> Iterator[None]:
    """The indexes of the timeline are made once, when it is there."""
    indexes = [index for index in schema.timeline_entry.indexes if not index.unique]
    for index in indexes:
        connection.execute(DropIndex(index))
    yield
    for index in indexes:
        connection.execute(CreateIndex(index))


def _copy(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    """Many times faster than an insert (PostgreSQL, COPY)."""
    first = next(rows)
    names = ", ".join(first)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in chain([first], rows):
            copy.write_row(
                [json.dumps(value) if isinstance(value, dict) else value for value in row.values()]
            )


def _insert(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    while batch := list(islice(rows, BATCH)):
        connection.execute(insert(table), batch)
        connection.commit()


def _insert_sorted(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    """In the order of its key: millions of rows in any order would write every page many times."""
    heap = Table(f"unsorted_{table.name}", MetaData(), *(Column(column.name, Text) for column in table.c))
    heap.create(connection)
    _insert(connection, heap, rows)
    names = [column.name for column in table.c]
    connection.execute(insert(table).from_select(names, select(heap).order_by(*heap.c)))
    heap.drop(connection)
    connection.commit()


def _id(table: int, number: int) -> str:
    """A uuid7 by its form, in the order of `number`."""
    return f"018f0000-{table:04x}-7000-8000-{number:012x}"


def _customers(data: Dataset) -> Iterator[dict[str, Any]]:
    for n in range(data.customers):
        name = data.name(n)
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
        mail = ("email", data.mail(n))
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


def _customer_words(data: Dataset) -> Iterator[dict[str, Any]]:
    for n in range(data.customers):
        for word in customer_words.words_of_customer(data.name(n), None, (data.phone(n), data.mail(n))):
            yield {"word": word, "customer_id": _id(1, n)}


def _word_keys(data: Dataset) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for n in range(data.customers):
        said = customer_words.words_of_customer(data.name(n), None, (data.phone(n), data.mail(n)))
        for word in said - seen:
            yield from ({"key": key, "word": word} for key in customer_words.keys_of(word))
        seen |= said


def _entry_words(connection: Connection) -> Iterator[dict[str, Any]]:
    """Over a connection of its own: the index is written while the entries are read."""
    entry = schema.timeline_entry.c
    with connection.engine.connect() as reading:
        rows = reading.execution_options(yield_per=BATCH).execute(
            select(entry.id, entry.occurred_at, entry.body)
        )
        for row in rows:
            terms = " ".join(terms_of(row.body))
            yield {"no": words.first_number(row.occurred_at), "entry_id": row.id, "words": terms}


def _entries(data: Dataset) -> Iterator[dict[str, Any]]:
    chance = random.Random(1)
    channels: Sequence[str] = ("phone", "email", "chat", "sms")
    known = vocabulary()
    weights = list(accumulate(1 / (rank + 10) for rank in range(len(known))))
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
            "body": " ".join(chance.choices(known, cum_weights=weights, k=8 + n % 8)),
            "payload": {},
        }

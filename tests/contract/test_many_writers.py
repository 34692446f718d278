"""Several processes write at once: what is looked for and then made is made once, whatever the engine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

from sqlalchemy import Connection, func, select

from bridge.domain.customer import CustomerKind, Identity
from bridge.domain.entry import EntryKind
from bridge.domain.live import EVERYONE
from bridge.domain.topic import Group, Topic
from bridge.store import conversations, feed, groups, inboxes, outbox, people, schema, timeline
from bridge.store.conversations import NewConversation
from bridge.store.engine import BatchWriter, batch_writer, connect_reader
from bridge.store.people import NewCustomer
from bridge.store.timeline import NewEntry

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
WRITERS = 4


def at_once(url: str, work: Callable[[BatchWriter], list[Any]]) -> list[Any]:
    """What `work` gave in each of several writers that begin together."""
    ready = Barrier(WRITERS)

    def begin(_: int) -> list[Any]:
        with batch_writer(url) as writer:
            ready.wait(10)
            return work(writer)

    with ThreadPoolExecutor(WRITERS) as pool:
        return [one for each in pool.map(begin, range(WRITERS)) for one in each]


def resolve_all(conn: Connection, number: int) -> None:
    """Everything that is looked for first and made where it is missing."""
    address = Identity("phone", f"+38050123{number:04}")
    owner = people.resolve_owner(conn, address, NewCustomer(name="Анна"), evidence={}, at=AT)
    if groups.find_organisation(conn, "ТОВ") is None:
        people.make_customer(conn, NewCustomer(name="ТОВ", kind=CustomerKind.ORGANISATION), AT)
    inboxes.resolve_inbox(conn, "email", f"{number}@example.com")
    message = NewConversation(channel="chat", thread_key=str(number), at=AT, customer_id=owner.leaf_id)
    talk = conversations.resolve_past(conn, message)
    entry = NewEntry(
        kind=EntryKind.MESSAGE, source="test", source_key=str(number), at=AT, conversation_id=talk
    )
    timeline.append(conn, entry)
    outbox.put(conn, Topic.TRANSCRIBE, str(number), AT)


def count(url: str, table: Any) -> int:
    with connect_reader(url) as conn:
        return int(conn.scalar(select(func.count()).select_from(table)) or 0)


def test_what_is_looked_for_and_then_made_is_made_once(url: str) -> None:
    def work(writer: BatchWriter) -> list[None]:
        for number in range(20):
            writer.run(resolve_all, number)
            writer.commit()
        return []

    at_once(url, work)
    for table in ("identity", "inbox", "conversation", "timeline_entry", "outbox"):
        assert count(url, schema.metadata.tables[table]) == 20, table
    assert count(url, schema.customer) == 21


def test_a_piece_of_work_is_taken_by_one(url: str) -> None:
    with batch_writer(url) as writer:
        for number in range(40):
            writer.run(outbox.put, Topic.TRANSCRIBE, str(number), AT)

    def work(writer: BatchWriter) -> list[str]:
        taken = []
        while (one := writer.run(outbox.take, Group.TRANSCRIBER, AT, AT + timedelta(seconds=30))) is not None:
            writer.commit()
            taken.append(one.key)
        return taken

    assert sorted(at_once(url, work)) == sorted(str(number) for number in range(40))


def test_the_feed_is_numbered_without_a_gap_or_a_double(url: str) -> None:
    def work(writer: BatchWriter) -> list[int]:
        numbers = []
        for number in range(20):
            writer.run(feed.append, "entry", EVERYONE, {"n": number}, AT)
            writer.commit()
            numbers += [row.number for row in writer.run(feed.number_rows)]
            writer.commit()
        return numbers

    numbers = at_once(url, work)
    assert sorted(numbers) == list(range(1, 20 * WRITERS + 1))

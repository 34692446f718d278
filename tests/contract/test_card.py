"""The card: what an agent should know before saying hello, in a handful of statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import psycopg
import pytest
from sqlalchemy import Connection, insert, text

from bridge.domain.agent import Role
from bridge.domain.card import Card
from bridge.domain.customer import CustomerKind, Identity
from bridge.domain.entry import EntryDirection, EntryKind
from bridge.domain.ids import new_id
from bridge.domain.order import NewStatus, OrderStatus
from bridge.store import agents, card, filing, groups, orders, people, schema, timeline
from bridge.store.filing import Subject
from bridge.store.people import NewCustomer
from bridge.store.timeline import NewEntry

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
NUMBER = "+380501234567"


@pytest.fixture
def anna(conn: Connection) -> str:
    customer_id = people.make_customer(conn, NewCustomer(name="Анна"), AT)
    people.add_identity(conn, customer_id, Identity("phone", NUMBER), evidence={}, at=AT)
    return customer_id


def read(conn: Connection, number: str | None = NUMBER, **kwargs: str) -> Card:
    return card.read_card(
        conn, call_id="call", caller=number or "", dialled="+380445550100", number=number, **kwargs
    )


def say(conn: Connection, customer_id: str, minute: int, **kwargs: object) -> str:
    values = {"kind": EntryKind.MESSAGE, "channel": "chat", "direction": EntryDirection.INBOUND, **kwargs}
    at = AT + timedelta(minutes=minute)
    new = NewEntry(source="test", source_key=new_id(), at=at, customer_id=customer_id, **values)  # type: ignore[arg-type]
    return timeline.append(conn, new).id


def call(conn: Connection, customer_id: str, minute: int, **values: object) -> str:
    call_id = new_id()
    at = AT + timedelta(minutes=minute)
    row = {"id": call_id, "pbx": "pbx1", "linkedid": call_id, "direction": "inbound", "caller": NUMBER}
    conn.execute(insert(schema.call), {**row, "dialled": "", "state": "ended", "started_at": at, **values})
    filing.file(conn, Subject.CALL, call_id, customer_id, by="system", reason="", at=at)
    say(conn, customer_id, minute, kind=EntryKind.CALL, channel="phone", call_id=call_id)
    return call_id


def agent(conn: Connection, name: str) -> str:
    return agents.save_agent(
        conn,
        login=name,
        name=name,
        role=Role.AGENT,
        extension=None,
        language="en",
        password_hash="",
        phone_key_hash=None,
        at=AT,
    ).id


def test_nobody_is_known(conn: Connection) -> None:
    for number in (None, "+380509999999"):
        shown = read(conn, number, queue="sales")
        assert (shown.customer, shown.candidates, shown.recent, shown.queue) == (None, [], [], "sales")


def test_a_customer_that_agi_named_goes_before_the_number(conn: Connection, anna: str) -> None:
    other = people.make_customer(conn, NewCustomer(name="Інша"), AT)
    shown = read(conn, customer_id=other)
    assert shown.customer is not None
    assert shown.customer.id == other
    # A customer id from a database that was restored since may be unknown: the number still is.
    assert read(conn, customer_id=new_id()).customer is not None


def test_the_last_entries_of_every_channel_newest_first(conn: Connection, anna: str) -> None:
    for minute, channel in enumerate(("email", "chat", "telegram", "sms") * 8):
        say(conn, anna, minute, channel=channel)
    shown = read(conn)
    assert len(shown.recent) == card.RECENT
    times = [entry.at for entry in shown.recent]
    assert times == sorted(times, reverse=True)
    assert [entry.channel for entry in shown.recent[:4]] == ["sms", "telegram", "chat", "email"]


def test_open_conversations_only(conn: Connection, anna: str) -> None:
    for state in ("open", "resolved", "snoozed"):
        row = {"id": new_id(), "customer_id": anna, "channel": "chat", "thread_key": state, "state": state}
        conn.execute(insert(schema.conversation), {**row, "subject": state, "opened_at": AT, "last_at": AT})
    assert {talk.subject for talk in read(conn).conversations} == {"open", "snoozed"}


def test_orders_by_their_newest_status(conn: Connection, anna: str) -> None:
    for minute, status in enumerate((OrderStatus.PAID, OrderStatus.ABANDONED, OrderStatus.UNPAID)):
        at = AT + timedelta(minutes=minute)
        new = NewStatus(shop="", number=status, status=status, at=at, total=1, currency="UAH")
        orders.save_status(conn, anna, new)
    assert [order.status for order in read(conn).orders] == ["unpaid", "abandoned", "paid"]


@pytest.mark.parametrize("since", [0, 30])
def test_the_last_note_and_who_spoke_last(conn: Connection, anna: str, since: int) -> None:
    """Also when so much was written since that they are not among the recent entries."""
    maria = agent(conn, "Марія")
    call(conn, anna, 0, answered_by=agent(conn, "Старий"), answered_at=AT, ended_at=AT)
    note = say(conn, anna, 1, kind=EntryKind.NOTE, channel=None, direction=None, author="Петро", body="чекає")
    say(conn, anna, 2, direction=EntryDirection.OUTBOUND, author="Іван")
    answered = AT + timedelta(minutes=3)
    call(conn, anna, 3, answered_by=maria, answered_at=answered, ended_at=answered + timedelta(seconds=90))
    call(conn, anna, 4)
    for minute in range(since):
        say(conn, anna, 10 + minute)
    shown = read(conn)
    assert shown.last_note is not None
    assert (shown.last_note.id, shown.last_note.text) == (note, "чекає")
    assert shown.last_spoke is not None
    assert (shown.last_spoke.author, shown.last_spoke.channel) == ("Марія", "phone")
    assert shown.last_spoke.at == "2026-11-01T12:03:00.000000Z"


def test_a_calls_entry_tells_how_the_call_is_now(conn: Connection, anna: str) -> None:
    ended = AT + timedelta(seconds=90)
    call_id = call(
        conn, anna, 0, answered_by=agent(conn, "Марія"), answered_at=AT, ended_at=ended, outcome="answered"
    )
    row = {
        "id": new_id(),
        "call_id": call_id,
        "kind": "call",
        "name": "x",
        "state": "ready",
        "started_at": AT,
    }
    conn.execute(insert(schema.recording), row)
    payload = read(conn).recent[0].payload
    assert payload["answered_by"] == "Марія"
    assert (payload["state"], payload["outcome"], payload["duration_ms"]) == ("ended", "answered", 90_000)
    assert payload["recording"] is True


def test_a_shared_number_shows_people_and_none_of_their_texts(conn: Connection, anna: str) -> None:
    boris = people.make_customer(conn, NewCustomer(name="Борис"), AT)
    say(conn, anna, 0, body="приватне")
    groups.give_address(conn, boris, Identity("phone", NUMBER), evidence={}, at=AT)
    shown = read(conn)
    assert shown.customer is not None
    assert shown.customer.kind is CustomerKind.HOUSEHOLD
    assert shown.recent == []
    assert {(person.name, person.last_channel) for person in shown.candidates} == {
        ("Анна", "chat"),
        ("Борис", None),
    }


@contextmanager
def watching(conn: Connection) -> Iterator[list[str]]:
    """What the driver is asked meanwhile, with its values in it."""
    driver: Any = conn.connection.dbapi_connection
    statements: list[str] = []

    class Watched(psycopg.ClientCursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
            statements.append(self.mogrify(query, params))
            return super().execute(query, params, **options)

    if conn.dialect.name == "sqlite":
        driver.set_trace_callback(statements.append)
        yield statements
        driver.set_trace_callback(None)
    else:
        plain, driver.cursor_factory = driver.cursor_factory, Watched
        yield statements
        driver.cursor_factory = plain


def explain(conn: Connection, statement: str) -> list[str]:
    """The steps of its plan, such as `SCAN call` (SQLite) or `Seq Scan on call  (cost…` without `on`."""
    if conn.dialect.name == "sqlite":
        return [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
    # Of a table this small PostgreSQL would read all.
    conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
    told = conn.exec_driver_sql("EXPLAIN " + statement.replace("%", "%%"))
    return [row[0].replace(" on ", " ").strip() for row in told]


def test_the_whole_card_takes_seven_statements_at_most_for_any_number_of_leaves(
    conn: Connection, anna: str
) -> None:
    for _ in range(4):
        leaf = people.make_customer(conn, NewCustomer(name="leaf"), AT)
        conn.execute(text("UPDATE customer SET canonical_id = :c WHERE id = :l"), {"c": anna, "l": leaf})
        for minute in range(10):
            say(conn, leaf, minute)
    read(conn)
    with watching(conn) as statements:
        shown = read(conn)
    assert shown.customer is not None
    assert len(shown.customer.leaves) == 5
    assert len(shown.recent) == card.RECENT
    assert len(statements) <= 7


def test_its_statements_run_off_indexes(conn: Connection, anna: str) -> None:
    """No table that grows is read through, nor sorted, whatever the number of leaves."""
    for minute in range(card.RECENT + 5):
        say(conn, anna, minute)
    with watching(conn) as statements:
        read(conn)
    growing = (
        "timeline_entry",
        "call",
        "shop_order",
        "conversation",
        "identity",
        "customer",
        "belonging",
        "recording",
        "matter",
        "matter_link",
        "promise",
    )
    assert statements
    for statement in statements:
        for step in explain(conn, statement):
            assert not any(step.split("  ")[0].endswith(f"can {table}") for table in growing), (
                step,
                statement,
            )

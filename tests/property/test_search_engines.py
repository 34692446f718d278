"""SQLite and PostgreSQL find the same, and what the terms say is to be found: they only store them."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from bridge.domain.customer import Identity
from bridge.domain.entry import EntryKind
from bridge.domain.ids import new_id
from bridge.domain.terms import terms_of, wanted_terms
from bridge.store import people, timeline, words
from bridge.store.dialect import writer_engine
from bridge.store.people import NewCustomer
from bridge.store.timeline import NewEntry
from tests.postgres import PostgresServer
from tests.sqlite import migrated

START = datetime(2026, 11, 1, tzinfo=UTC)

_SAMPLE = (
    "замовлення замовлень заказ заказы оплата оплату об'єднання об’єднань Обʼєднання їжа ґанок O'Brien o’brien"
    " delivery deliveries José ЁЛКА елка 1043 №7 a'b and NOT ' ʼ straße"
)
WORDS = st.sampled_from(_SAMPLE.split())
LETTERS = st.text("абвгґдеєжзиіїйклмнопрстуфхцчшщьюяыэъё'’ʼAbCdEeÉz0179 -_.@&|!()*:\\\"\0", max_size=12)
TEXT = st.lists(WORDS | LETTERS, max_size=6).map(" ".join)
NAME = st.lists(
    st.sampled_from(["Олена", "Шевченко", "Шевчук", "O'Brien", "Марія"]) | LETTERS, max_size=3
).map(" ".join)

some = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def both(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Connection]]:
    file = tmp_path_factory.mktemp("search") / "store.sqlite3"
    with ExitStack() as stack:
        urls = (migrated(file), stack.enter_context(postgres.database()))
        yield [stack.enter_context(writer_engine(each).connect()) for each in urls]


@some
@given(bodies=st.lists(st.tuples(TEXT, st.integers(0, 3)), max_size=8), asked=TEXT)
def test_the_same_entries_are_found_in_the_same_order(
    both: list[Connection], bodies: list[tuple[str, int]], asked: str
) -> None:
    found = []
    for connection in both:
        with connection.begin() as undone:
            ids = [append(connection, body, minute) for body, minute in bodies]
            hits = words.find_entries(connection, asked, limit=50)
            found.append([ids.index(hit.entry_id) for hit in hits])
            undone.rollback()
    assert found[0] == found[1]
    wanted = wanted_terms(asked)
    meant = [
        index
        for index, (body, _) in enumerate(bodies)
        if wanted and all(set(terms_of(body)).intersection(terms) for terms in wanted)
    ]
    assert found[0] == sorted(meant, key=lambda index: (bodies[index][1], index), reverse=True)


@some
@given(named=st.lists(NAME, max_size=6), asked=NAME | st.text("0123456789+() -", max_size=8))
def test_the_same_customers_are_found(both: list[Connection], named: list[str], asked: str) -> None:
    found = []
    for connection in both:
        with connection.begin() as undone:
            ids = [make(connection, name, number) for number, name in enumerate(named)]
            customers, _ = people.list_customers(connection, words=asked or "x")
            found.append([ids.index(customer.id) for customer in customers])
            undone.rollback()
    assert set(found[0]) == set(found[1])


def append(connection: Connection, body: str, minute: int) -> str:
    new = NewEntry(
        kind=EntryKind.MESSAGE,
        source="test",
        source_key=new_id(),
        at=START + timedelta(minutes=minute),
        body=body,
    )
    return timeline.append(connection, new).id


def make(connection: Connection, name: str, number: int) -> str:
    customer_id = people.make_customer(connection, NewCustomer(name=name), START)
    address = Identity("phone", f"+38050123456{number}")
    people.add_identity(connection, customer_id, address, evidence={}, at=START)
    return customer_id

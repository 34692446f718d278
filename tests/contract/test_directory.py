"""Who is calling, as the AGI process asks it, and what the agent's phone shows of it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text, update

from bridge.directory import StoreDirectory
from bridge.domain.customer import CustomerKind, Identity
from bridge.domain.order import NewStatus, OrderStatus
from bridge.errors import Transient
from bridge.store import groups, orders, people
from bridge.store.dialect import reader_engine
from bridge.store.people import NewCustomer
from bridge.store.schema import identity
from pbx.interface import CallerDirectory, NumberKind, PhoneNumber

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
DIALLED = "+380445450100"
NUMBER = PhoneNumber(NumberKind.E164, "0501234567", "+380501234567")


@pytest.fixture
def setup(url: str) -> Iterator[Connection]:
    """An AUTOCOMMIT connection: the directory sees what the test has said."""
    with reader_engine(url).connect() as connection:
        yield connection


def make(conn: Connection, name: str, phone: str | None = NUMBER.e164, **kwargs: object) -> str:
    customer_id = people.make_customer(conn, NewCustomer(name=name, **kwargs), AT)  # type: ignore[arg-type]
    if phone is not None:
        people.add_identity(conn, customer_id, Identity("phone", phone), evidence={}, at=AT)
    return customer_id


def order(conn: Connection, customer_id: str, number: str, status: OrderStatus, day: int) -> None:
    at = datetime(2026, 11, day, tzinfo=UTC)
    orders.save_status(
        conn, customer_id, NewStatus(shop="", number=number, status=status, at=at, total=1, currency="UAH")
    )


def test_nobody_is_known_by_an_unknown_or_hidden_number(url: str) -> None:
    directory: CallerDirectory = StoreDirectory(url)
    assert directory.find_card(NUMBER, DIALLED) is None
    assert directory.find_card(PhoneNumber(NumberKind.ANONYMOUS, ""), DIALLED) is None
    assert directory.find_card(PhoneNumber(NumberKind.EXTENSION, "101", extension="101"), DIALLED) is None


def test_a_vip_with_an_unpaid_order(url: str, setup: Connection) -> None:
    anna = make(setup, "Іванова Олена", vip=True, language="uk")
    order(setup, anna, "1042", OrderStatus.PAID, 3)
    order(setup, anna, "1043", OrderStatus.UNPAID, 5)
    order(setup, anna, "1044", OrderStatus.PAID, 4)
    card = StoreDirectory(url, language="uk").find_card(NUMBER, DIALLED)
    assert card is not None
    assert card.customer_id == anna
    # The whole name does not fit beside what is open.
    assert card.display_name == "★ Іванова · замовлення 1043 не оплачено"
    assert (card.language, card.vip, card.priority) == ("uk", True, 5)


def test_what_was_paid_later_is_not_shown_as_open(url: str, setup: Connection) -> None:
    anna = make(setup, "Anna")
    order(setup, anna, "1", OrderStatus.UNPAID, 3)
    order(setup, anna, "2", OrderStatus.PAID, 4)
    card = StoreDirectory(url).find_card(NUMBER, DIALLED)
    assert card is not None
    assert card.display_name == "Anna"
    assert card.priority == 0


def test_an_abandoned_cart_and_an_organisation(url: str, setup: Connection) -> None:
    anna = make(setup, "Anna")
    acme = make(setup, "Acme", None, kind=CustomerKind.ORGANISATION)
    groups.belong(setup, acme, anna, evidence={}, at=AT)
    order(setup, anna, "1", OrderStatus.ABANDONED, 3)
    card = StoreDirectory(url).find_card(NUMBER, DIALLED)
    assert card is not None
    assert card.display_name == "Anna, Acme · cart abandoned"


def test_a_merged_leaf_shows_the_canonical_name_and_is_written_to_the_leaf(
    url: str, setup: Connection
) -> None:
    leaf, survivor = make(setup, "old name"), make(setup, "New name", None)
    setup.execute(text("UPDATE customer SET canonical_id = :s WHERE id = :l"), {"s": survivor, "l": leaf})
    order(setup, survivor, "7", OrderStatus.UNPAID, 3)
    card = StoreDirectory(url).find_card(NUMBER, DIALLED)
    assert card is not None
    assert (card.customer_id, card.display_name) == (leaf, "New name · order 7 unpaid")


def test_a_retired_address_identifies_nobody(url: str, setup: Connection) -> None:
    make(setup, "Anna")
    setup.execute(update(identity).values(retired_at=AT))
    assert StoreDirectory(url).find_card(NUMBER, DIALLED) is None


def test_a_locked_database_is_given_up_within_the_lookups_time(url: str) -> None:
    directory = StoreDirectory(url)
    with reader_engine(url).connect() as other:
        if other.dialect.name == "sqlite":
            other.exec_driver_sql("PRAGMA locking_mode = EXCLUSIVE")
            other.exec_driver_sql("BEGIN EXCLUSIVE")
        else:
            other.exec_driver_sql("BEGIN")
            other.exec_driver_sql("LOCK TABLE identity")
        took = []
        for _ in range(3):
            began = time.monotonic()
            with pytest.raises(Transient, match="locked"):
                directory.find_card(NUMBER, DIALLED)
            took.append(time.monotonic() - began)
        # The quickest: this machine may stop meanwhile.
        assert min(took) < 0.3
    assert directory.find_card(NUMBER, DIALLED) is None


def test_a_missing_database_is_transient(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/no/such/file.sqlite3", f"postgresql:///omniline?host={tmp_path}"):
        with pytest.raises(Transient, match=r"cannot be opened|is not there"):
            StoreDirectory(url).find_card(NUMBER, DIALLED)


def test_a_sub_number_is_looked_for_behind_the_number_that_calls_and_no_other(
    url: str, setup: Connection
) -> None:
    """Both have somebody at 12, and are older than the one that calls."""
    for name, phone in (("Older", "+380501110009"), ("Newer", "+380501110010")):
        group = make(setup, name, phone, kind=CustomerKind.ORGANISATION)
        person = make(setup, f"{name}'s Anna", None)
        groups.belong(setup, group, person, role="", extension="12", evidence={}, at=AT)
    for phone, name in (("+380501110009", "Older's Anna"), ("+380501110010", "Newer's Anna")):
        card = StoreDirectory(url).find_card(
            PhoneNumber(NumberKind.E164, phone, phone, extension="12"), DIALLED
        )
        assert card is not None
        assert card.display_name.startswith(name)

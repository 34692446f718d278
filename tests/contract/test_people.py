"""Looking customers up: by part of a name in any case, by a number as it is written, by an address; in pages."""

import sqlite3
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import Connection, text

from bridge.domain.customer import CustomerKind, Identity
from bridge.errors import Conflict, NotFound
from bridge.store import groups, people, profiles
from bridge.store.people import NewCustomer

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
INTEGRITY_ERRORS = (sqlite3.IntegrityError, psycopg.IntegrityError)


def make(conn: Connection, name: str, *addresses: Identity, **kwargs: object) -> str:
    customer_id = people.make_customer(conn, NewCustomer(name=name, **kwargs), AT)  # type: ignore[arg-type]
    for address in addresses:
        people.add_identity(conn, customer_id, address, evidence={}, at=AT)
    return customer_id


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("іваненко", ["Олена ІВАНЕНКО"]),
        ("  олена   ів ", ["Олена ІВАНЕНКО"]),
        ("050 123-45", ["Олена ІВАНЕНКО"]),
        ("380501234567", ["Олена ІВАНЕНКО"]),
        ("O.Ivanenko@", ["Олена ІВАНЕНКО"]),
        ("crm-7", ["100% Coffee_Shop"]),
        ("100%", ["100% Coffee_Shop"]),
        ("e_s", ["100% Coffee_Shop"]),
        ("_____", []),
        ("%", []),
        ("'; DROP TABLE customer", []),
        ("", ["100% Coffee_Shop", "Борис", "Олена ІВАНЕНКО"]),
    ],
)
def test_who_is_found(conn: Connection, words: str, found: list[str]) -> None:
    make(
        conn,
        "Олена ІВАНЕНКО",
        Identity("phone", "+380501234567"),
        Identity("email", "o.ivanenko@example.com"),
    )
    make(conn, "Борис", Identity("phone", "+380671112233"))
    make(conn, "100% Coffee_Shop", external_id="crm-7", kind=CustomerKind.ORGANISATION)
    customers, following = people.list_customers(conn, words=words)
    assert [customer.name for customer in customers] == found
    assert following is None


def test_pages_give_every_customer_once(conn: Connection) -> None:
    names = sorted(("Анна", "Анна", "анна", "Борис", "a|b", "z") * 3, key=people.fold_name)
    for name in names:
        make(conn, name)
    seen: list[str] = []
    after = None
    while True:
        page, after = people.list_customers(conn, limit=4, after=after)
        seen += [customer.id for customer in page]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == len(names)


def test_a_merged_leaf_is_listed_as_its_canonical_only(conn: Connection) -> None:
    leaf, survivor = make(conn, "old"), make(conn, "new")
    conn.execute(text("UPDATE customer SET canonical_id = :s WHERE id = :l"), {"s": survivor, "l": leaf})
    assert [customer.name for customer in people.list_customers(conn)[0]] == ["new"]
    assert profiles.get_customer(conn, leaf).id == survivor


def test_unknown_customers_are_not_found(conn: Connection) -> None:
    assert profiles.find_customer(conn, "nobody") is None
    with pytest.raises(NotFound):
        profiles.get_customer(conn, "nobody")


def test_a_live_address_has_one_owner(conn: Connection) -> None:
    number = Identity("phone", "+380501234567")
    first = make(conn, "first", number)
    with pytest.raises(INTEGRITY_ERRORS), conn.begin_nested():
        make(conn, "second", number)
    owner = people.find_owner(conn, "phone", number.address)
    assert owner is not None
    assert (owner.leaf_id, owner.name) == (first, "first")
    people.retire_identity(conn, owner.identity_id, AT)
    assert people.find_owner(conn, "phone", number.address) is None
    people.add_identity(conn, make(conn, "third"), number, evidence={}, at=AT)


def test_only_e164_is_a_phone(conn: Connection) -> None:
    for address in ("0501234567", "101", "+1", "anonymous"):
        with pytest.raises(INTEGRITY_ERRORS), conn.begin_nested():
            make(conn, "x", Identity("phone", address))


def test_a_group_does_not_take_another_groups_address(conn: Connection) -> None:
    number = Identity("phone", "+380445550200")
    make(conn, "one", number, kind=CustomerKind.ORGANISATION)
    other = make(conn, "two", kind=CustomerKind.ORGANISATION)
    with pytest.raises(Conflict):
        groups.give_address(conn, other, number, evidence={}, at=AT)


def test_an_organisation_takes_its_persons_number_and_the_person_stays_in_it(conn: Connection) -> None:
    number = Identity("phone", "+380445550200")
    person = make(conn, "Ганна", number)
    company = make(conn, "ТОВ", kind=CustomerKind.ORGANISATION)
    groups.give_address(conn, company, number, evidence={}, at=AT)
    profile = profiles.find_profile_by_address(conn, "phone", number.address)
    assert profile is not None
    assert profile.customer.id == company
    assert [candidate.id for candidate in profile.candidates] == [person]

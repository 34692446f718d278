"""The import of orders: running it again makes nothing, bad lines are named and cost no good ones."""

from sqlalchemy import Connection

from bridge.store import timeline
from tests.contract.imports.files import Runner, card, count, order, owner, report


def test_orders_tell_their_newest_status_and_one_entry_for_each(orders: Runner, reader: Connection) -> None:
    lines = [
        order("1043", "paid", at="2026-10-03T10:00:00Z"),
        order("1043", "unpaid"),
        order("1044", "abandoned", at="2026-10-01T10:00:00Z"),
    ]
    assert orders(*lines).created == 3
    assert orders(*lines).unchanged == 3
    shown = card(reader, "+380501234567")
    assert [(o.order, o.status.value, o.total) for o in shown.orders] == [
        ("1043", "paid", 129900),
        ("1044", "abandoned", 129900),
    ]
    assert shown.orders[0].items[0].name == "Чайник"
    assert [entry.payload["status"] for entry in shown.recent] == ["paid", "unpaid", "abandoned"]


def test_an_orders_phone_and_email_belong_to_one_customer(orders: Runner, reader: Connection) -> None:
    orders(order("1", customer={"phone": "0501234567", "email": "o@example.com"}))
    orders(order("2", customer={"email": "O@example.com", "phone": "0501234568"}))
    assert len(owner(reader, "email", "o@example.com").identities) == 3
    assert count(reader, "customer") == 1


def test_an_order_does_not_join_two_people(customers: Runner, orders: Runner, reader: Connection) -> None:
    customers("c1,Олена,,,0501234567,,,,,", "c2,Петро,,,,p@example.com,,,,")
    orders(order("1", customer={"phone": "0501234567", "email": "p@example.com"}))
    assert [o.order for o in card(reader, "+380501234567").orders] == ["1"]
    assert len(owner(reader, "email", "p@example.com").identities) == 1


def test_an_order_from_a_shared_phone_goes_to_the_person_of_its_email(
    customers: Runner, orders: Runner, reader: Connection
) -> None:
    customers("c1,Олена,,,0501234567,o@example.com,,,,", "c2,Петро,,,0501234567,,,,,")
    orders(order("1", customer={"phone": "0501234567", "email": "o@example.com"}))
    assert card(reader, "+380501234567").orders == []
    olena = owner(reader, "email", "o@example.com")
    assert [e.payload["order"] for e in timeline.read_page(reader, olena.leaves).items] == ["1"]


def test_bad_orders(orders: Runner) -> None:
    result = orders(
        order("1"),
        order("2", "lost"),
        order("3", customer={}),
        order("4", total=-1),
        order("5", total="12"),
        order("6", currency="hryvnia"),
        order("7", url="javascript:alert(1)"),
        order("8", items=[{"sku": "x"}]),
        order("9", customer={"phone": "x"}),
        order("10", at="soon"),
    )
    assert (result.created, result.rejected) == (1, 9)
    for row, word in zip(
        report(result),
        ("status", "customer", "total", "total", "currency", "url", "items", "customer.phone", "at"),
        strict=True,
    ):
        assert word in row["reason"], row

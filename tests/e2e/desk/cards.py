"""What the fake desk server shows of a customer beside the timeline: orders, the card of a caller."""

from __future__ import annotations

from typing import Any

from bridge.domain.card import Card, LastSpoke, OpenConversation
from bridge.domain.customer import Customer
from bridge.domain.entry import EntryKind
from bridge.domain.order import Order, OrderItem, OrderStatus
from bridge.domain.question import with_question
from bridge.domain.times import utc_now
from tests.e2e.desk.entries import entries_of
from tests.e2e.desk.people import DID, FIRM, OLENA, before, candidates_of


def order(number: int, status: OrderStatus, total: int, at: str, item: str) -> Order:
    items = [OrderItem(sku=f"S{number}", name=item, quantity=1, price=total)]
    return Order(
        id=f"order-{number}",
        shop="main",
        order=f"#{number}",
        status=status,
        at=at,
        total=total,
        currency="UAH",
        items=items,
    )


def orders_of(customer: Customer) -> list[Order]:
    now = utc_now()
    if customer is FIRM:
        return [order(20310, OrderStatus.SHIPPED, 1_840_000, before(now, days=5), "Світильник Linea, 12 шт.")]
    if customer is not OLENA:
        return []
    return [
        order(20481, OrderStatus.UNPAID, 129_900, before(now, minutes=18), "Чайник Aurora 1,7 л"),
        order(20455, OrderStatus.PAID, 54_000, before(now, hours=30), "Набір чашок, 6 шт."),
        order(20390, OrderStatus.ABANDONED, 249_950, before(now, days=3), "Кавоварка Lungo"),
    ]


def context_of(customer: Customer) -> dict[str, Any]:
    """What the card and the customer page have in common."""
    entries = entries_of(customer)
    note = next((each for each in entries if each.kind is EntryKind.NOTE), None)
    spoke = (
        LastSpoke(author="Марія Ткач", channel="chat", at=entries[min(2, len(entries) - 1)].at)
        if entries
        else None
    )
    letter = next((each for each in entries if each.payload.get("subject")), None)
    conversation = letter and OpenConversation(
        id="conversation-1",
        channel="email",
        subject=letter.payload["subject"],
        state="open",
        last_at=letter.at,
    )
    return {
        "candidates": candidates_of(customer),
        "conversations": [conversation] if conversation else [],
        "orders": orders_of(customer),
        "last_note": note,
        "last_spoke": spoke,
    }


def card_of(call_id: str, caller: str, customer: Customer | None) -> Card:
    context = context_of(customer) if customer else {}
    recent = entries_of(customer)[:8] if customer else []
    card = Card(
        call_id=call_id,
        caller=caller,
        dialled=DID,
        customer=customer,
        queue="support",
        recent=recent,
        **context,
    )
    return with_question(card, "en")

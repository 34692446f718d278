"""The timelines that the fake desk server shows."""

from __future__ import annotations

from typing import Any

from bridge.domain.customer import Customer
from bridge.domain.entry import Entry, EntryDirection, EntryKind
from bridge.domain.times import utc_now
from tests.e2e.desk.calls import CALL_PREFIX
from tests.e2e.desk.people import DID, FIRM, OLENA, before


def entry(number: int, kind: EntryKind, at: str, **fields: Any) -> Entry:
    given: dict[str, Any] = {
        "customer_id": OLENA.id,
        "channel": None,
        "direction": None,
        "author": "",
        "text": "",
        "source": "sample",
    }
    return Entry(
        id=f"01900000-0000-7000-9000-{number:012d}",
        kind=kind,
        at=at,
        source_key=str(number),
        **(given | fields),
    )


def entries_of(customer: Customer) -> list[Entry]:
    """Newest first; enough of them that the page has to ask for more."""
    if customer is FIRM:
        return firm_entries()
    if customer is not OLENA:
        return []
    now = utc_now()
    inbound, outbound = EntryDirection.INBOUND, EntryDirection.OUTBOUND
    order_payload = {
        "order": "#20481",
        "status": "unpaid",
        "total": 129_900,
        "currency": "UAH",
        "items": [{"sku": "S1", "name": "Чайник Aurora 1,7 л", "quantity": 1, "price": 129_900}],
    }
    call_payload = {
        "direction": "inbound",
        "caller": "+380501234567",
        "dialled": DID,
        "queue": "support",
        "state": "ended",
        "outcome": "answered",
        "duration_ms": 192_000,
        "answered_by": "Андрій Мельник",
        "recording": True,
    }
    newest = [
        entry(1, EntryKind.ORDER, before(now, minutes=18), channel="shop", payload=order_payload),
        entry(
            2,
            EntryKind.MESSAGE,
            before(now, minutes=52),
            channel="email",
            direction=inbound,
            author="olena.k@sample.example",
            text="Добрий день! Оплата карткою не проходить уже втретє. Чи можна оплатити при отриманні?",
            payload={
                "subject": "Замовлення #20481",
                "quoted": "> Ваше замовлення прийнято, очікуємо оплату.",
            },
        ),
        entry(
            3,
            EntryKind.MESSAGE,
            before(now, hours=3),
            channel="chat",
            direction=outbound,
            author="Марія Ткач",
            text="Так, чайник є на складі, надішлемо в день оплати.",
        ),
        entry(
            4,
            EntryKind.MESSAGE,
            before(now, hours=3, minutes=4),
            channel="chat",
            direction=inbound,
            author="Олена",
            text="Чи є Aurora 1,7 л у наявності?",
        ),
        entry(
            5,
            EntryKind.NOTE,
            before(now, days=2),
            author="Андрій Мельник",
            text="Доставку перенесено на четвер після 18:00. Обіцяли знижку 5 % на наступне замовлення.",
            payload={"disposition": "resolved", "agent_id": "agent-1"},
            replaces_id=f"01900000-0000-7000-9000-{7:012d}",
        ),
        entry(
            7,
            EntryKind.NOTE,
            before(now, days=2, minutes=1),
            author="Андрій Мельник",
            text="Доставку перенесено на середу.",
            payload={"agent_id": "agent-1"},
            replaced_by=f"01900000-0000-7000-9000-{5:012d}",
        ),
        entry(
            6,
            EntryKind.CALL,
            before(now, days=2, minutes=4),
            channel="phone",
            direction=inbound,
            call_id=f"{CALL_PREFIX}{6:012d}",
            payload=call_payload,
        ),
        entry(8, EntryKind.MESSAGE, before(now, days=4), channel="chat", direction=inbound, redacted=True),
    ]
    older = [
        entry(
            100 + number,
            EntryKind.MESSAGE,
            before(now, days=10 + number),
            channel="email" if number % 2 else "chat",
            direction=inbound if number % 3 else outbound,
            author="olena.k@sample.example" if number % 3 else "Марія Ткач",
            text=f"Питання щодо замовлення #{20100 - number}",
        )
        for number in range(60)
    ]
    return newest + older


def firm_entries() -> list[Entry]:
    now = utc_now()
    return [
        entry(
            51,
            EntryKind.CALL,
            before(now, hours=26),
            customer_id=FIRM.id,
            channel="phone",
            direction=EntryDirection.INBOUND,
            call_id=f"{CALL_PREFIX}{13:012d}",
            payload={"direction": "inbound", "outcome": "abandoned", "queue": "sales"},
        ),
        entry(
            52,
            EntryKind.MESSAGE,
            before(now, days=4),
            customer_id=FIRM.id,
            channel="email",
            direction=EntryDirection.INBOUND,
            author="office@dim.example",
            text="Надсилаємо підписаний рахунок. Просимо підтвердити дату відвантаження.",
            payload={
                "subject": "Рахунок 118",
                "attachments": [
                    {"id": "a1", "name": "рахунок-118.pdf", "media_type": "application/pdf", "size": 184_320}
                ],
            },
        ),
    ]

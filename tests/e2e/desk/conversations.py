"""The conversations that the fake desk server shows, and what it takes to write in them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bridge.domain.continuing import ContinueLink
from bridge.domain.conversation import (
    ClosedWay,
    ConversationState,
    ConversationSummary,
    OpenWay,
    WayClosed,
)
from bridge.domain.delivery import Delivery, DeliveryState
from bridge.domain.entry import Entry, EntryDirection, EntryKind
from bridge.domain.message import Template
from bridge.domain.times import iso, utc_now
from tests.e2e.desk import people
from tests.e2e.desk.entries import entry

CHAT = "01900000-0000-7000-c000-000000000001"
MAIL = "01900000-0000-7000-c000-000000000002"
LATE = "01900000-0000-7000-c000-000000000003"
FORGED = "01900000-0000-7000-c000-000000000004"
WAYS = [
    OpenWay(
        channel="email",
        inbox="support@sample.example",
        address="olena.k@sample.example",
        inbox_id="inbox-1",
        templated=False,
    ),
    OpenWay(channel="telegram", inbox="svitlo_bot", address="1234567", inbox_id="inbox-2", templated=False),
    OpenWay(
        channel="whatsapp", inbox="15550783881", address="380501234567", inbox_id="inbox-3", templated=True
    ),
]
CLOSED = [ClosedWay(channel="chat", reason=WayClosed.NOT_SIGNED_IN, continues=True)]
LINK = ContinueLink(
    channel="chat",
    url="https://shop.example/#omniline=go-abc",
    text="Продовжмо в чаті: https://shop.example/#omniline=go-abc",
    expires_at="2026-11-28T10:00:00Z",
)
TEMPLATE = Template(name="order_ready", language="uk", text="Замовлення {{1}} чекає на вас.", blanks=("1",))


def conversations() -> list[ConversationSummary]:
    now = utc_now()

    def at(**ago: float) -> str:
        return iso(now - timedelta(**ago))

    return [
        ConversationSummary(
            id=LATE,
            channel="email",
            inbox="support@sample.example",
            subject="Рахунок для бухгалтерії",
            state=ConversationState.OPEN,
            customer_id=people.TARAS.id,
            customer_name=people.TARAS.name,
            assignee_id=None,
            assignee=None,
            opened_at=at(hours=5),
            last_at=at(hours=4),
            waiting_since=at(hours=4),
            due_at=at(minutes=35),
            overdue=True,
            priority=1,
            tags=["рахунки"],
            last_text="Доброго дня! Надішліть, будь ласка, рахунок з печаткою на десять світильників.",
            last_direction="inbound",
        ),
        ConversationSummary(
            id=CHAT,
            channel="telegram",
            inbox="svitlo_bot",
            subject="",
            state=ConversationState.OPEN,
            customer_id=people.OLENA.id,
            customer_name=people.OLENA.name,
            assignee_id="agent-1",
            assignee="Андрій Мельник",
            opened_at=at(minutes=40),
            last_at=at(minutes=3),
            waiting_since=at(minutes=3),
            due_at=iso(now + timedelta(minutes=12)),
            tags=["оплата"],
            mentions=["agent-1"],
            last_text="А післяплатою можна? Картка знову не проходить.",
            last_direction="inbound",
        ),
        ConversationSummary(
            id=MAIL,
            channel="email",
            inbox="support@sample.example",
            subject="Доставка до Львова",
            state=ConversationState.OPEN,
            customer_id=people.IRYNA.id,
            customer_name=people.IRYNA.name,
            assignee_id="agent-2",
            assignee="Марія Ткач",
            opened_at=at(hours=1),
            last_at=at(minutes=1),
            waiting_since=at(minutes=1),
            due_at=iso(now + timedelta(hours=3)),
            last_text="Коли можна очікувати доставку?",
            last_direction="inbound",
        ),
    ]


def said() -> list[Entry]:
    """In the chat, newest first."""
    now = utc_now()

    def message(number: int, text: str, minutes: float, **fields: Any) -> Entry:
        given = {"channel": "telegram", "conversation_id": CHAT, "text": text} | fields
        at = iso(now - timedelta(minutes=minutes))
        return entry(5000 + number, EntryKind.MESSAGE, at, **given)

    theirs = {"author": people.OLENA.name, "direction": EntryDirection.INBOUND}
    ours = {"author": "Марія Ткач", "direction": EntryDirection.OUTBOUND}
    note = {
        "author": "Марія Ткач",
        "conversation_id": CHAT,
        "text": "@andrii, перевір, чи пройшла оплата: банк відхиляє картку вдруге.",
        "payload": {"agent_id": "agent-2", "mentions": ["agent-1"]},
    }
    return [
        message(5, "А післяплатою можна? Картка знову не проходить.", 3, **theirs),
        entry(5004, EntryKind.NOTE, iso(now - timedelta(minutes=6)), **note),
        message(
            3,
            "Спробуйте ще раз за цим посиланням.",
            9,
            **ours,
            delivery=Delivery(id="delivery-3", state=DeliveryState.FAILED, reason="Too Many Requests"),
        ),
        message(
            2,
            "Доброго дня, Олено! Зараз перевірю оплату.",
            31,
            **ours,
            delivery=Delivery(id="delivery-2", state=DeliveryState.SENT),
        ),
        message(1, "Вітаю! Не можу оплатити чайник, картка не проходить.", 40, **theirs),
    ]


def forged() -> tuple[ConversationSummary, Entry]:
    """A mail that is not from whom it names, and its conversation."""
    at = iso(utc_now() - timedelta(minutes=20))
    name = "Олена Ковальчук olena@example.org"
    text = "Доброго дня! У нас змінився рахунок, надалі платіть, будь ласка, на цей. Реквізити у файлі."
    talk = ConversationSummary(
        id=FORGED,
        channel="email",
        inbox="support@sample.example",
        subject="Новий рахунок для оплати",
        state=ConversationState.OPEN,
        customer_id=None,
        customer_name=None,
        assignee_id=None,
        assignee=None,
        opened_at=at,
        last_at=at,
        waiting_since=at,
        last_text=text,
        last_direction="inbound",
        suspicious=True,
    )
    payload = {"subject": "Новий рахунок для оплати", "forged": True, "forged_by": "dmarc"}
    written: dict[str, Any] = {
        "author": name,
        "direction": EntryDirection.INBOUND,
        "channel": "email",
        "text": text,
    }
    return talk, entry(5900, EntryKind.MESSAGE, at, **written, conversation_id=FORGED, payload=payload)

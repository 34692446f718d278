"""The lines that a phone shows as a text message."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from bridge.domain.card import Card, ScreenPop
from bridge.domain.customer import Customer, CustomerKind
from bridge.domain.entry import Entry, EntryDirection, EntryKind
from bridge.flows.roster import Roster
from bridge.flows.send_lines import LONGEST_LINE, SendLines, lines_of
from bridge.settings import Phone, Settings
from tests.fakes.call_control import FakeCallControl

ENTRY = Entry(
    id="e",
    customer_id="c",
    channel="email",
    kind=EntryKind.MESSAGE,
    direction=EntryDirection.INBOUND,
    author="",
    at="2026-11-21T10:00:00.000000Z",
    text="Де моя\r\nпосилка? " + "дуже " * 30,
    source="email",
    source_key="1",
)
CUSTOMER = Customer(
    id="c", kind=CustomerKind.PERSON, name="Оксана", language="uk", vip=False, comment="", external_id=None
)
CARD = Card(
    call_id="1", caller="+380501110001", dialled="+380445550100", customer=CUSTOMER, recent=[ENTRY] * 5
)


def test_the_name_and_three_lines_of_history() -> None:
    lines = lines_of(CARD, "uk")
    assert lines[0] == "Оксана"
    assert len(lines) == 4
    assert lines[1].startswith("21.11.26 лист: Де моя посилка?")
    assert all(len(line) <= LONGEST_LINE and line.isprintable() for line in lines)


def test_of_an_order_its_number_and_of_what_was_redacted_nothing() -> None:
    order = msgspec.structs.replace(
        ENTRY, kind=EntryKind.ORDER, channel="shop", text="", payload={"order": "1043"}
    )
    gone = msgspec.structs.replace(ENTRY, redacted=True, text="secret")
    card = msgspec.structs.replace(CARD, recent=[gone, order])
    assert lines_of(card, "en") == ["Оксана", "21.11.26 order: 1043"]


def test_of_a_stranger_there_is_nothing_to_send() -> None:
    assert lines_of(msgspec.structs.replace(CARD, customer=None), "en") == []


async def test_a_text_that_cannot_be_sent_is_no_error() -> None:
    control = FakeCallControl()
    control.away = True
    lines = SendLines(control, Roster(), Settings(phones=(Phone(extension="101", profile="linphone"),)))
    pop = ScreenPop(id="p", call_id="1", extension="101", leg="1", card=CARD)
    lines.send(pop)
    await asyncio.sleep(0)
    control.away = False
    lines.send(pop)
    await asyncio.sleep(0)
    assert len(control.texts) == 1


@pytest.mark.parametrize(
    ("phone", "sent"),
    [
        (Phone(extension="101", profile="linphone"), 1),
        (Phone(extension="101", profile="name-only"), 0),
        (Phone(extension="101", profile="name-only", rungs=("message",)), 1),
        (Phone(extension="101", profile="linphone", rungs=()), 0),
        (Phone(extension="102", profile="linphone"), 0),
    ],
)
async def test_only_phones_that_show_messages_get_one(phone: Phone, sent: int) -> None:
    control = FakeCallControl()
    lines = SendLines(control, Roster(), Settings(phones=(phone,)))
    lines.send(ScreenPop(id="p", call_id="1", extension="101", leg="1", card=CARD))
    await asyncio.sleep(0)
    assert [extension for extension, _ in control.texts] == ["101"] * sent

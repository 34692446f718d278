"""What customers write to a Telegram bot: whose it is, in which conversation and matter, edits, contacts, hostile texts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from bridge.domain.customer import Identity, Strength
from bridge.domain.entry import Entry
from bridge.domain.matter import Rule, Thing
from bridge.domain.merge import SuggestionState
from bridge.domain.order import NewStatus, OrderStatus
from bridge.domain.times import utc_now
from bridge.flows.receive_message import LONGEST_TEXT
from bridge.store import matters, orders, people, suggestions
from bridge.store.people import NewCustomer
from bridge.store.schema import conversation
from tests.contract.channel_cases import TELEGRAM_BOT, telegram
from tests.contract.channel_server import ChannelServer, channels_serving

SENDER = 1111111
PHONE = "+380501112233"


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


class Writer:
    """Writes to the bot: each message a minute after the one before."""

    def __init__(self, running: ChannelServer) -> None:
        self.running = running
        self.updates = 0
        self.at = utc_now() - timedelta(hours=1)

    def make(self, fixture: str = "text", **changes: Any) -> bytes:
        self.updates += 1
        self.at += timedelta(minutes=1)
        changes = {"date": int(self.at.timestamp()), "message_id": self.updates} | changes
        return telegram(fixture, self.updates, **changes)

    async def write(self, text: str, **changes: Any) -> Entry:
        """The newest entry after that."""
        assert await self.running.send(TELEGRAM_BOT, self.make(text=text, **changes)) == 200
        return (await self.running.read())[-1]


@pytest.fixture
def writer(running: ChannelServer) -> Writer:
    return Writer(running)


async def give_identity(running: ChannelServer, name: str, kind: str, address: str) -> str:
    def give(connection: Connection) -> str:
        customer_id = people.make_customer(connection, NewCustomer(name=name), utc_now())
        people.add_identity(connection, customer_id, Identity(kind, address), evidence={}, at=utc_now())
        return customer_id

    return await running.server.db.write(give)


async def strength_of(running: ChannelServer, kind: str, address: str) -> tuple[str, Strength] | None:
    owner = await running.server.db.read(people.find_owner, kind, address)
    return None if owner is None else (owner.leaf_id, owner.strength)


async def resolve(running: ChannelServer, conversation_id: str | None, at: datetime) -> None:
    def change(connection: Connection) -> None:
        row = update(conversation).where(conversation.c.id == conversation_id)
        connection.execute(row.values(state="resolved", resolved_at=at))

    await running.server.db.write(change)


async def test_a_stranger_becomes_a_customer_with_a_proven_address(writer: Writer) -> None:
    entry = await writer.write("Добрий день")
    assert (entry.text, entry.author) == ("Добрий день", "Test Firstname Test Lastname")
    assert await strength_of(writer.running, "telegram", str(SENDER)) == (entry.customer_id, Strength.PROVEN)
    customer = await writer.running.desk.get(f"customers/{entry.customer_id}")
    assert customer["name"] == "Test Firstname Test Lastname"


async def test_who_was_only_said_to_have_the_address_is_shown_to_have_it(writer: Writer) -> None:
    known = await give_identity(writer.running, "Olena", "telegram", str(SENDER))
    assert (await writer.write("hello")).customer_id == known
    assert await strength_of(writer.running, "telegram", str(SENDER)) == (known, Strength.PROVEN)


async def test_a_conversation_goes_on_is_opened_again_within_three_days_and_then_the_next_begins(
    writer: Writer,
) -> None:
    first = await writer.write("one")
    assert (await writer.write("two")).conversation_id == first.conversation_id
    await resolve(writer.running, first.conversation_id, writer.at - timedelta(hours=71))
    assert (await writer.write("three")).conversation_id == first.conversation_id
    await resolve(writer.running, first.conversation_id, writer.at - timedelta(hours=73))
    fourth = await writer.write("four")
    assert fourth.conversation_id != first.conversation_id
    states = await writer.running.server.db.read(
        lambda c: dict(c.execute(select(conversation.c.id, conversation.c.state)).all())
    )
    assert states == {first.conversation_id: "resolved", fourth.conversation_id: "open"}


async def test_an_order_that_is_named_brings_its_matter(writer: Writer) -> None:
    customer_id = (await writer.write("hello")).customer_id
    assert customer_id is not None
    at = utc_now()

    def prepare(connection: Connection) -> str:
        status = NewStatus(shop="", number="1043", status=OrderStatus.UNPAID, at=at, total=1, currency="UAH")
        orders.save_status(connection, customer_id, status)
        return matters.make(connection, customer_id, title="The kettle", by="system", at=at)

    matter_id = await writer.running.server.db.write(prepare)
    entry = await writer.write("where is order 1043?")
    matter = await writer.running.server.db.read(matters.get_matter, matter_id)
    assert {(link.thing, link.rule) for link in matter.links} == {
        (Thing.CONVERSATION, Rule.ONLY_ONE),
        (Thing.ORDER, Rule.ORDER_NUMBER),
    }
    assert entry.conversation_id in {link.thing_id for link in matter.links}


async def test_an_edit_replaces_the_text_and_an_older_one_that_comes_late_does_not(writer: Writer) -> None:
    original = writer.make(text="a")
    edits = [
        writer.make("edited", message_id=1, text=text, edit_date=int(writer.at.timestamp()) + seconds)
        for text, seconds in (("ab", 100), ("abc", 200))
    ]
    for body in (original, edits[1], edits[0], edits[1]):
        assert await writer.running.send(TELEGRAM_BOT, body) == 200
    first, second = await writer.running.read()
    assert (first.text, first.replaced_by) == ("a", second.id)
    assert (second.text, second.replaces_id, second.replaced_by) == ("abc", first.id, None)


async def test_an_edit_that_comes_before_its_message_stands_for_it(writer: Writer) -> None:
    original = writer.make(text="a")
    edit = writer.make("edited", message_id=1, text="ab", edit_date=int(writer.at.timestamp()) + 100)
    for body in (edit, original):
        assert await writer.running.send(TELEGRAM_BOT, body) == 200
    assert [entry.text for entry in await writer.running.read()] == ["ab"]


async def test_a_contact_that_its_owner_shares_proves_the_phone(writer: Writer) -> None:
    contact = {"phone_number": PHONE.lstrip("+"), "first_name": "Test", "user_id": SENDER}
    entry = await writer.write("", contact=contact)
    assert await strength_of(writer.running, "phone", PHONE) == (entry.customer_id, Strength.PROVEN)
    assert entry.text == f"Test {PHONE.lstrip('+')}"


@pytest.mark.parametrize("owner", [None, SENDER + 1])
async def test_somebody_elses_contact_proves_nothing(writer: Writer, owner: int | None) -> None:
    contact = {"phone_number": PHONE, "first_name": "Another"} | ({"user_id": owner} if owner else {})
    await writer.write("", contact=contact)
    assert await strength_of(writer.running, "phone", PHONE) is None


async def test_a_shared_phone_that_is_somebodys_is_a_suggestion(writer: Writer) -> None:
    other = await give_identity(writer.running, "Olena", "phone", PHONE)
    entry = await writer.write("", contact={"phone_number": PHONE, "first_name": "T", "user_id": SENDER})
    assert await strength_of(writer.running, "phone", PHONE) == (other, Strength.CLAIMED)
    (found,), _ = await writer.running.server.db.read(
        suggestions.list_suggestions, state=SuggestionState.OPEN, limit=10
    )
    assert {customer.id for customer in found.customers} == {other, entry.customer_id}
    assert found.reason == "contact"


@pytest.mark.parametrize("media", ["dice", "poll"])
async def test_what_cannot_be_shown_says_what_it_is(writer: Writer, media: str) -> None:
    assert await writer.running.send(TELEGRAM_BOT, writer.make(text="", **{media: {}})) == 200
    (entry,) = await writer.running.read()
    assert (entry.text, entry.payload) == ("", {"unsupported": media})


async def test_what_is_of_nobody_stays_as_it_arrived(writer: Writer) -> None:
    group = {"id": -100, "type": "supergroup", "title": "A group"}
    bot = {"id": 5, "is_bot": True, "first_name": "Robot"}
    for body in (
        telegram("callback_query", 90),
        writer.make(chat=group),
        writer.make(**{"from": bot}),
        b'{"update_id": 77, "something_new": {}}',
        b'{"update_id": 78}',
    ):
        assert await writer.running.send(TELEGRAM_BOT, body) == 200
    assert await writer.running.read() == []
    assert await writer.running.count_arrivals() == 5
    assert writer.running.receiver.dead == 0


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "\u202egnp.exe", "a\x00b", "'; DROP TABLE customer; --", "😀" * 10]
)
async def test_hostile_texts_and_names_are_text(writer: Writer, text: str) -> None:
    sender = {"id": SENDER, "first_name": text}
    entry = await writer.write(text, **{"from": sender})
    assert entry.text == text.replace("\x00", "\ufffd") == entry.author


async def test_a_text_without_end_is_cut_and_says_so(writer: Writer) -> None:
    entry = await writer.write("ї" * (LONGEST_TEXT + 1), **{"from": {"id": SENDER, "first_name": "x" * 5000}})
    assert (len(entry.text), entry.payload) == (LONGEST_TEXT, {"cut": True})
    assert len(entry.author) == 200

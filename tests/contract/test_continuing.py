"""Continue-links: a matter goes on in another channel with who it is, and a token that is worth nothing changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Connection, select

from bridge.channels.email import EmailChannel
from bridge.domain.continuing import new_token
from bridge.domain.customer import CustomerKind, Identity, Strength
from bridge.domain.entry import Entry
from bridge.domain.ids import new_id
from bridge.domain.message import InboundMessage
from bridge.domain.times import utc_now
from bridge.settings import Mailbox
from bridge.store import inboxes, people
from bridge.store.people import NewCustomer
from bridge.store.schema import continue_link, identity, inbox
from pbx.interface import Outcome
from tests.contract.channel_cases import TELEGRAM_BOT, WHATSAPP_NUMBER, mail, telegram, whatsapp
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.fakes.scripted_call import DID, ScriptedCall

CHAT = 1111111
OTHER_CHAT = 2222222
KNOWN = "+380501110001"
UNKNOWN = "+380671234567"


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        await Story(server).name_bot()
        yield server


class Story:
    """What happens, step by step."""

    def __init__(self, running: ChannelServer) -> None:
        self.running = running
        self.server, self.desk = running.server, running.desk
        self.updates = 100

    async def name_bot(self) -> None:
        """What links to it begin with."""

        def name_bot(connection: Connection) -> None:
            connection.execute(
                inbox.update().where(inbox.c.channel == "telegram").values(address="@shop_bot")
            )

        await self.server.db.write(name_bot)

    async def write(self, text: str, chat: int = CHAT) -> Entry:
        """Somebody writes to the bot; their entry."""
        self.updates += 1
        person = {"id": chat, "first_name": f"Person {chat}"}
        changes = {"message_id": self.updates, "text": text, "date": int(self.server.clock().timestamp())}
        body = telegram(
            "text", self.updates, **changes, chat={"id": chat, "type": "private"}, **{"from": person}
        )
        assert await self.running.send(TELEGRAM_BOT, body) == 200
        return [entry for entry in await self.running.read() if entry.direction == "inbound"][-1]

    async def write_in_whatsapp(self, text: str) -> Entry:
        body = whatsapp("text", text={"body": text})
        assert await self.running.send(WHATSAPP_NUMBER, body) == 200
        return [entry for entry in await self.running.read() if entry.direction == "inbound"][-1]

    async def ring(self, caller: str, customer_id: str | None = None) -> tuple[ScriptedCall, str]:
        """A call that rings at 101, and its id."""
        call = ScriptedCall(self.server.calls, caller)
        call._at = self.server.clock()
        call.ring("101", customer_id=customer_id)
        await self.server.settle()
        return call, await self.newest_call()

    async def newest_call(self) -> str:
        call_id: str = (await self.desk.get("calls"))["items"][0]["id"]
        return call_id

    async def offer(self, things: str, thing_id: str | None, channel: str) -> dict[str, Any]:
        status, link = await self.desk.ask("POST", f"{things}/{thing_id}/continue", {"channel": channel})
        assert status == 201, link
        found: dict[str, Any] = link
        return found

    async def owner_of(self, kind: str, address: str) -> tuple[str, Strength] | None:
        owner = await self.server.db.read(people.find_owner, kind, address)
        return None if owner is None else (owner.canonical_id, owner.strength)

    async def matters(self, customer_id: str | None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.desk.get(f"customers/{customer_id}/matters"))["items"]
        return found

    async def sent(self) -> list[str]:
        """What was said to customers, in order, accepted or sent."""
        entries = await self.running.read()
        return [entry.text for entry in entries if entry.direction == "outbound"]


@pytest.fixture
def story(running: ChannelServer) -> Story:
    return Story(running)


def token_of(link: dict[str, Any]) -> str:
    (token,) = parse_qs(urlsplit(link["url"]).query)["start"]
    return token


def things_of(matter: dict[str, Any]) -> list[tuple[str, str]]:
    return [(link["thing"], link["rule"]) for link in matter["links"]]


async def test_a_call_goes_on_in_telegram_as_one_person_and_one_matter(story: Story) -> None:
    oksana = await story.server.add_customer("Оксана", KNOWN)
    call, call_id = await story.ring(KNOWN, oksana)
    call.answered("101")
    await story.server.settle()
    link = await story.offer("calls", call_id, "telegram")
    assert link["url"].startswith("https://t.me/shop_bot?start=go-")
    assert link["url"] in link["text"]
    entry = await story.write(f"/start {token_of(link)}")
    assert (entry.customer_id, entry.text) == (oksana, "")
    assert entry.payload == {"continues": {"fate": "goes_on", "thing": "call", "thing_id": call_id}}
    assert await story.owner_of("telegram", str(CHAT)) == (oksana, Strength.PROVEN)
    (matter,) = await story.matters(oksana)
    assert things_of(matter) == [("call", "new"), ("conversation", "named")]
    assert (await story.sent())[0].startswith("We go on here.")


async def test_the_evidence_says_which_link_and_no_token_is_stored(story: Story) -> None:
    oksana = await story.server.add_customer("Оксана", KNOWN)
    _, call_id = await story.ring(KNOWN, oksana)
    token = token_of(await story.offer("calls", call_id, "telegram"))
    await story.write(f"/start {token}")

    def read(connection: Connection) -> tuple[Any, Any]:
        evidence = connection.scalar(select(identity.c.evidence).where(identity.c.kind == "telegram"))
        return evidence, connection.execute(select(continue_link)).one()

    evidence, row = await story.server.db.read(read)
    assert (evidence["reason"], evidence["link"]) == ("continue_link", row.id)
    assert token not in str(row)
    assert all(token not in entry.text for entry in await story.running.read())


async def test_a_used_link_is_worth_nothing_to_another_and_silent_for_the_same(story: Story) -> None:
    oksana = await story.server.add_customer("Оксана", KNOWN)
    _, call_id = await story.ring(KNOWN, oksana)
    text = f"/start {token_of(await story.offer('calls', call_id, 'telegram'))}"
    await story.write(text)
    again = await story.write(text)
    assert (again.customer_id, again.payload["continues"]["fate"]) == (oksana, "again")
    stolen = await story.write(text, OTHER_CHAT)
    assert stolen.customer_id != oksana
    assert stolen.payload == {"continues": {"fate": "used"}}
    assert len((await story.matters(oksana))[0]["links"]) == 2
    assert await story.matters(stolen.customer_id) == []
    assert [text.split(".")[0] for text in await story.sent()] == [
        "We go on here",
        "This link has been used before, and works once",
    ]


async def test_an_expired_or_guessed_link_changes_nothing_and_says_so_in_the_customers_language(
    story: Story,
) -> None:
    oksana = await story.server.add_customer("Оксана", KNOWN)
    _, call_id = await story.ring(KNOWN, oksana)
    text = f"/start {token_of(await story.offer('calls', call_id, 'telegram'))}"
    story.server.clock.ahead += timedelta(hours=25)
    late = await story.write(text)
    assert late.customer_id != oksana
    await story.write("/start go-" + "a" * 24)
    plain = await story.write("/start spring-sale")
    assert (plain.text, plain.payload) == ("/start spring-sale", {})
    assert [text.split(".")[0] for text in await story.sent()] == [
        "This link has expired",
        "We do not know this link",
    ]


async def test_an_address_of_another_is_suggested_and_the_matter_waits_for_the_answer(story: Story) -> None:
    oksana = await story.server.add_customer("Оксана", KNOWN)
    first = await story.write("hello")
    assert first.customer_id != oksana
    _, call_id = await story.ring(KNOWN, oksana)
    entry = await story.write(f"/start {token_of(await story.offer('calls', call_id, 'telegram'))}")
    assert entry.customer_id == first.customer_id
    assert entry.payload == {"continues": {"fate": "goes_on"}}
    (matter,) = await story.matters(oksana)
    assert things_of(matter) == [("call", "new")]
    (suggestion,) = (await story.desk.get("suggestions"))["items"]
    assert suggestion["reason"] == "continue_link"
    status, answer = await story.desk.ask("POST", f"suggestions/{suggestion['id']}/accept")
    assert status == 200, answer
    (matter,) = await story.matters(oksana)
    assert ("conversation", "named") in things_of(matter)


async def test_a_chat_turns_into_a_call_with_its_context_before_it_is_answered(story: Story) -> None:
    entry = await story.write("Де моє замовлення?")
    link = await story.offer("conversations", entry.conversation_id, "phone")
    assert link["number"] == DID
    assert link["url"] == f"tel:{DID},,{link['code']}%23"
    assert link["code"] in link["text"]
    call, call_id = await story.ring(UNKNOWN)
    call.pressed(link["code"])
    await story.server.settle()
    card = await story.desk.get(f"calls/{call_id}/card")
    assert card["customer"]["id"] == entry.customer_id
    (matter,) = card["matters"]
    assert things_of(matter) == [("conversation", "new"), ("call", "named")]
    assert [each["text"] for each in card["recent"] if each["kind"] == "message"] == ["Де моє замовлення?"]
    assert await story.owner_of("phone", UNKNOWN) == (entry.customer_id, Strength.DELIVERED)


async def test_a_code_that_comes_after_the_answer_finds_its_person_too(story: Story) -> None:
    entry = await story.write("hello")
    link = await story.offer("conversations", entry.conversation_id, "phone")
    call, call_id = await story.ring(UNKNOWN)
    call.answered("101")
    await story.server.settle()
    stranger = (await story.desk.get(f"calls/{call_id}"))["customer_id"]
    assert stranger not in (None, entry.customer_id)
    call.pressed(link["code"])
    await story.server.settle()
    detail = await story.desk.get(f"calls/{call_id}")
    assert detail["customer_id"] == entry.customer_id
    assert [stage["detail"] for stage in detail["stages"] if stage["stage"] == "code"] == ["goes_on"]
    states = {matter["state"]: things_of(matter) for matter in await story.matters(entry.customer_id)}
    assert states == {"open": [("conversation", "new"), ("call", "named")], "settled": []}


async def test_a_number_of_another_is_suggested_and_the_call_stays_theirs(story: Story) -> None:
    entry = await story.write("hello")
    oksana = await story.server.add_customer("Оксана", KNOWN)
    link = await story.offer("conversations", entry.conversation_id, "phone")
    call, call_id = await story.ring(KNOWN, oksana)
    call.pressed(link["code"])
    await story.server.settle()
    assert (await story.desk.get(f"calls/{call_id}"))["customer_id"] == oksana
    (suggestion,) = (await story.desk.get("suggestions"))["items"]
    assert {each["id"] for each in suggestion["customers"]} == {oksana, entry.customer_id}


async def test_a_withheld_number_and_a_shared_one_are_filed_by_the_code(story: Story) -> None:
    entry = await story.write("hello")

    def share(connection: Connection) -> None:
        home = people.make_customer(
            connection, NewCustomer(name="Home", kind=CustomerKind.HOUSEHOLD), utc_now()
        )
        people.add_identity(connection, home, Identity("phone", KNOWN), evidence={}, at=utc_now())

    await story.server.db.write(share)
    for caller in ("", KNOWN):
        link = await story.offer("conversations", entry.conversation_id, "phone")
        call, call_id = await story.ring(caller)
        call.pressed(link["code"])
        await story.server.settle()
        assert (await story.desk.get(f"calls/{call_id}"))["customer_id"] == entry.customer_id
    owner = await story.owner_of("phone", KNOWN)
    assert owner is not None
    assert owner[0] != entry.customer_id


@pytest.mark.parametrize("wrong", ["000000", "used"])
async def test_a_wrong_code_costs_the_caller_nothing(story: Story, wrong: str) -> None:
    oksana = await story.server.add_customer("Оксана", KNOWN)
    if wrong == "used":
        entry = await story.write("hello")
        wrong = (await story.offer("conversations", entry.conversation_id, "phone"))["code"]
        first, _ = await story.ring(UNKNOWN)
        first.pressed(wrong)
    call, call_id = await story.ring(KNOWN, oksana)
    call.pressed(wrong)
    call.answered("101")
    await story.server.settle()
    detail = await story.desk.get(f"calls/{call_id}")
    assert detail["customer_id"] == oksana
    assert [stage["stage"] for stage in detail["stages"]][-2:] == ["code", "answered"]


async def test_a_caller_whom_nobody_knows_gets_a_link_before_the_answer(story: Story) -> None:
    call, call_id = await story.ring(UNKNOWN)
    call.ended(Outcome.ABANDONED)
    await story.server.settle()
    assert (await story.desk.get(f"calls/{call_id}"))["customer_id"] is None
    token = token_of(await story.offer("calls", call_id, "telegram"))
    entry = await story.write(f"/start {token}")
    assert await story.owner_of("phone", UNKNOWN) == (entry.customer_id, Strength.CLAIMED)
    assert await story.owner_of("telegram", str(CHAT)) == (entry.customer_id, Strength.PROVEN)
    (matter,) = await story.matters(entry.customer_id)
    assert things_of(matter) == [("call", "new"), ("conversation", "named")]
    kinds = [
        each["kind"] for each in (await story.desk.get(f"customers/{entry.customer_id}/timeline"))["items"]
    ]
    assert sorted(kinds) == ["call", "message", "message"]


async def test_whom_an_agent_says_it_was_is_kept(story: Story) -> None:
    oksana = await story.server.add_customer("Оксана", KNOWN)
    _, call_id = await story.ring("")
    body = {"customer_id": oksana, "reason": "said so"}
    status, filed = await story.desk.ask("POST", f"calls/{call_id}/file", body)
    assert status in (200, 201), filed
    entry = await story.write(f"/start {token_of(await story.offer('calls', call_id, 'telegram'))}")
    assert entry.customer_id == oksana


async def test_a_matter_goes_on_whatever_it_was_made_of(story: Story) -> None:
    oksana = await story.server.add_customer("Оксана", KNOWN)
    _, matter = await story.desk.ask("POST", f"customers/{oksana}/matters", {"title": "Куртка"})
    entry = await story.write(f"/start {token_of(await story.offer('matters', matter['id'], 'telegram'))}")
    (found,) = await story.matters(oksana)
    assert [link["thing_id"] for link in found["links"]] == [entry.conversation_id]


async def test_what_cannot_be_offered_says_why(story: Story) -> None:
    oksana = await story.server.add_customer("Оксана", KNOWN)
    _, known = await story.ring(KNOWN, oksana)
    _, nobody = await story.ring("")
    for path, channel, status, why in (
        (f"calls/{known}", "fax", 409, "no fax inbox"),
        (f"calls/{nobody}", "telegram", 409, "urn:omniline:nobody-known"),
        (f"conversations/{new_id()}", "telegram", 404, "no such conversation"),
        (f"matters/{new_id()}", "phone", 404, "no such matter"),
    ):
        got, problem = await story.desk.ask("POST", f"{path}/continue", {"channel": channel})
        assert (got, why in str(problem)) == (status, True), problem
    assert (await story.desk.get("continue"))["items"] == ["telegram", "phone"]
    await story.server.db.write(lambda c: c.execute(inbox.update().values(state=inboxes.PAUSED)))
    assert (await story.desk.get("continue"))["items"] == ["phone"]


async def test_the_text_of_a_whatsapp_link_brings_the_matter_and_loses_its_code(story: Story) -> None:
    number = "+15550783881"

    def name_it(connection: Connection) -> None:
        connection.execute(inbox.update().where(inbox.c.channel == "whatsapp").values(address=number))

    await story.server.db.write(name_it)
    oksana = await story.server.add_customer("Оксана", KNOWN)
    _, call_id = await story.ring(KNOWN, oksana)
    link = await story.offer("calls", call_id, "whatsapp")
    assert link["url"].startswith("https://wa.me/15550783881?text=")
    (text,) = parse_qs(urlsplit(link["url"]).query)["text"]
    entry = await story.write_in_whatsapp(text)
    assert (entry.customer_id, entry.text) == (oksana, "Let us go on here.")
    (matter,) = await story.matters(oksana)
    assert things_of(matter) == [("call", "new"), ("conversation", "named")]


def test_a_mail_to_the_address_of_a_link_carries_its_token() -> None:
    channel = EmailChannel([Mailbox(address="support@sample.example", plus=True)], "UA", "Sample")
    token = new_token()
    url = channel.invite("support@sample.example", token, "Let us go on here.")
    to = url.removeprefix("mailto:").partition("?")[0]
    (told, *_) = channel.read(mail(To=to), "support@sample.example", utc_now())
    assert isinstance(told, InboundMessage)
    assert told.link == token
    plain = EmailChannel([], "UA", "Sample").invite("support@sample.example", token, "Go on")
    subject = parse_qs(urlsplit(plain).query)["subject"][0]
    (told, *_) = channel.read(mail(Subject=subject), "support@sample.example", utc_now())
    assert isinstance(told, InboundMessage)
    assert told.link == token
    (told, *_) = channel.read(
        mail(Subject=f"Re: {subject}", In_Reply_To="<a@b.example>"), "support@sample.example", utc_now()
    )
    assert isinstance(told, InboundMessage)
    assert told.link == ""

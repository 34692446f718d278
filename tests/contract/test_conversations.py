"""Conversations as work: who waits, answering, giving, resting, ending, tags, notes that call people, writing first."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bridge.channels.simulators.telegram import Fault, Sent
from bridge.domain.customer import Identity
from bridge.domain.ids import new_id
from bridge.domain.message import InboundMessage
from bridge.domain.order import NewStatus, OrderStatus
from bridge.domain.times import iso, utc_now
from bridge.flows.follow_link import ways_of
from bridge.flows.receive_told import receive_told
from bridge.settings import Settings
from bridge.store import conversation_views, conversations, inboxes, orders, people
from bridge.store.arrivals import Arrival
from bridge.store.conversations import NewConversation
from bridge.store.people import NewCustomer
from tests.contract.channel_cases import telegram
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.desk_server import LINK_KEY, Client, eventually, logged_in
from tests.contract.test_attachments import upload
from tests.contract.test_card import explain, watching

CHAT = 1111111
TELEGRAM = {"channel": "telegram", "inbox": "bot", "address": str(CHAT)}


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


@pytest.fixture
async def other(running: ChannelServer) -> AsyncIterator[Client]:
    async with logged_in(running.server, "102") as client:
        yield client


_numbers = itertools.count(1)


async def write(
    running: ChannelServer, text: str = "hello", sender: int = CHAT, *, text_of: str | None = None
) -> str:
    """A customer writes to the bot; the conversation that it is in. `text_of` the entry, where it is another."""
    number = next(_numbers)
    who = {"id": sender, "is_bot": False, "first_name": f"Customer {sender}"}
    place = {"message_id": number, "from": who, "chat": {"id": sender, "type": "private"}}
    await running.telegram.deliver([telegram("text", number, text=text, **place)])
    kept = text if text_of is None else text_of
    entry = [each for each in await running.read() if each.text == kept][-1]
    return entry.conversation_id or ""


async def work(client: Client, **query: Any) -> list[str]:
    return [each["id"] for each in (await client.get("conversations", **query))["items"]]


async def answer(client: Client, conversation_id: str, text: str = "Good day", **more: Any) -> Any:
    body = {"text": text, "key": new_id(), **more}
    return await client.ask("POST", f"conversations/{conversation_id}/messages", body)


async def test_who_writes_waits_until_a_person_answers(running: ChannelServer, other: Client) -> None:
    desk = running.desk
    first = await write(running, "one", 1)
    second = await write(running, "two", 2)
    await write(running, "three", 1)
    page = await desk.get("conversations")
    assert [each["id"] for each in page["items"]] == [first, second]
    (item, _) = page["items"]
    assert (item["last_text"], item["last_direction"], item["inbox"]) == ("three", "inbound", "bot")
    assert item["waiting_since"] < item["last_at"]
    assert page["counts"] == {"mine": 0, "unassigned": 2, "all": 2, "suspicious": 0}
    assert (await answer(desk, first))[0] == 201
    page = await desk.get("conversations")
    assert [each["id"] for each in page["items"]] == [second]
    assert page["counts"] == {"mine": 0, "unassigned": 1, "all": 1, "suspicious": 0}
    # Whoever answers first has it; a colleague who answers as well changes nothing of that.
    (answered,) = (await desk.get("conversations", show="answered"))["items"]
    assert (answered["assignee"], answered["waiting_since"]) == ("Agent 101", None)
    await answer(other, first)
    assert (await desk.get(f"conversations/{first}"))["assignee"] == "Agent 101"
    await write(running, "again", 1)
    assert await work(desk, scope="mine") == [first]
    assert await work(other, scope="mine") == []


async def test_a_forged_sender_is_on_a_list_of_its_own_until_somebody_says_whose_it_is(
    running: ChannelServer,
) -> None:
    desk, server = running.desk, running.server
    olena = await server.add_customer("Olena", "+380501112233")

    def forge(connection: Connection) -> None:
        inbox = inboxes.resolve_inbox(connection, "email", "support@sample.example")
        for key in ("a@x", "b@x"):
            arrival = Arrival(new_id(), inbox.id, inbox.key, inbox.channel, key, b"", server.clock())
            message = InboundMessage(
                key=key,
                thread=key,
                sender=Identity("email", "olena@example.org"),
                name="Olena",
                text="my new account",
                at=server.clock(),
                forged="dmarc",
            )
            ways = ways_of(Settings(), LINK_KEY)
            receive_told(connection, arrival, [message], reopen=timedelta(hours=1), ways=ways)

    await server.db.write(forge)
    page = await desk.get("conversations", show="suspicious")
    assert (len(page["items"]), page["counts"]["suspicious"]) == (2, 2)
    spam, theirs = (each["id"] for each in page["items"])
    assert all(each["suspicious"] for each in page["items"])
    (entry,) = (await desk.get(f"conversations/{theirs}/entries"))["items"]
    assert (entry["payload"]["forged"], entry["payload"]["forged_by"]) == (True, "dmarc")
    assert await work(desk) == [theirs, spam]
    await desk.ask("POST", f"conversations/{spam}/state", {"state": "resolved"})
    assert await work(desk, show="suspicious") == [theirs]
    filed = {"customer_id": olena, "reason": "she called"}
    await desk.follow()
    assert (await desk.ask("POST", f"conversations/{theirs}/file", filed))[0] == 200
    page = await desk.get("conversations", show="suspicious")
    assert (page["items"], page["counts"]["suspicious"]) == ([], 0)

    def told() -> bool:
        said = [each["data"] for each in desk.of_type("conversation") if each["data"]["id"] == theirs]
        return bool(said) and (said[-1]["customer_id"], said[-1]["suspicious"]) == (olena, False)

    await eventually(told)


async def test_whom_an_answer_did_not_reach_still_waits(running: ChannelServer) -> None:
    talk = await write(running)
    running.telegram.faults.append(Fault.BLOCKED)
    await answer(running.desk, talk)

    async def waits() -> bool:
        return await work(running.desk) == [talk]

    await eventually(waits)


async def test_given_to_a_colleague_who_hears_of_it(running: ChannelServer, other: Client) -> None:
    talk, desk = await write(running), running.desk
    await other.follow()
    other_id = running.server.agents["102"].id
    status, given = await desk.ask("POST", f"conversations/{talk}/assign", {"agent_id": other_id})
    assert (status, given["assignee"]) == (200, "Agent 102")
    told = await eventually(
        lambda: [each["data"] for each in other.of_type("notice") if each["data"]["code"] == "assigned"]
    )
    assert told == [{"code": "assigned", "conversation_id": talk, "by": "Agent 101"}]

    def heard() -> bool:
        return other_id in [each["data"]["assignee_id"] for each in other.of_type("conversation")]

    await eventually(heard)
    assert await work(other, scope="mine") == [talk]
    assert await work(desk, scope="unassigned") == []
    status, free = await other.ask("POST", f"conversations/{talk}/assign", {"agent_id": None})
    assert (status, free["assignee"]) == (200, None)
    assert (await desk.ask("POST", f"conversations/{talk}/assign", {"agent_id": new_id()}))[0] == 404


async def test_it_rests_until_its_time_or_until_the_customer_writes(running: ChannelServer) -> None:
    talk, desk = await write(running), running.desk
    path = f"conversations/{talk}/state"
    past = iso(utc_now() - timedelta(minutes=1))
    for wrong in ({"state": "snoozed"}, {"state": "snoozed", "until": past}):
        assert (await desk.ask("POST", path, wrong))[0] == 422
    until = iso(utc_now() + timedelta(hours=2))
    status, resting = await desk.ask("POST", path, {"state": "snoozed", "until": until})
    assert (status, resting["state"], resting["snoozed_until"]) == (200, "snoozed", until)
    assert await work(desk) == []
    assert await work(desk, show="snoozed") == [talk]
    await write(running, "are you there?")
    assert await work(desk) == [talk]
    assert (await desk.get(f"conversations/{talk}"))["snoozed_until"] is None


async def test_it_ends_and_is_opened_again(running: ChannelServer) -> None:
    talk, desk = await write(running), running.desk
    path = f"conversations/{talk}/state"
    status, over = await desk.ask("POST", path, {"state": "resolved"})
    assert (status, over["state"], over["waiting_since"]) == (200, "resolved", None)
    assert (await work(desk), await work(desk, show="resolved")) == ([], [talk])
    assert (await desk.ask("POST", f"conversations/{talk}/assign", {"agent_id": None}))[0] == 409
    assert (await desk.ask("POST", path, {"state": "open"}))[1]["state"] == "open"
    assert await work(desk, show="answered") == [talk]


async def test_one_that_goes_on_elsewhere_stays_over(running: ChannelServer) -> None:
    talk, desk = await write(running), running.desk
    path = f"conversations/{talk}/state"
    await desk.ask("POST", path, {"state": "resolved"})

    def long_ago(connection: Connection) -> None:
        table = conversations._conversation
        connection.execute(table.update().values(resolved_at=utc_now() - timedelta(days=30)))

    await running.server.db.write(long_ago)
    following = await write(running, "something new")
    assert following != talk
    assert (await desk.ask("POST", path, {"state": "open"}))[0] == 409


async def test_an_imported_one_is_over(running: ChannelServer) -> None:
    new = NewConversation(channel="chat", thread_key="t", at=utc_now())
    imported = await running.server.db.write(conversations.resolve_past, new)
    for state in ("open", "resolved"):
        path = f"conversations/{imported}/state"
        assert (await running.desk.ask("POST", path, {"state": state}))[0] == 409
    assert await work(running.desk, show="resolved") == []
    assert (await running.desk.get(f"conversations/{imported}"))["inbox"] is None


async def test_tags_sort_them(running: ChannelServer) -> None:
    talk, desk = await write(running, "one", 1), running.desk
    await write(running, "two", 2)
    path = f"conversations/{talk}/tags"
    status, tagged = await desk.ask("PUT", path, {"tags": ["доставка", "vip", "vip"]})
    assert (status, sorted(tagged["tags"])) == (200, ["vip", "доставка"])
    assert await work(desk, tag="доставка") == [talk]
    await desk.ask("PUT", path, {"tags": ["vip"]})
    assert (await work(desk, tag="доставка"), await work(desk, tag="vip")) == ([], [talk])
    assert (await desk.get("conversations/tags"))["items"] == ["vip"]
    for wrong in ("", " ", "a,b", "x" * 41, " lead"):
        assert (await desk.ask("PUT", path, {"tags": [wrong]}))[0] == 422, wrong


async def test_a_note_calls_people_and_never_reaches_the_customer(
    running: ChannelServer, other: Client
) -> None:
    talk, desk = await write(running), running.desk
    await other.follow()
    text = "@102 and @nobody: can you look, @101? mail@103.example is no call"
    body = {"text": text, "key": "k"}
    status, note = await desk.ask("POST", f"conversations/{talk}/notes", body)
    assert (status, note["kind"], note["conversation_id"]) == (201, "note", talk)
    other_id = running.server.agents["102"].id
    assert note["payload"]["mentions"] == [other_id]
    assert (await desk.ask("POST", f"conversations/{talk}/notes", body))[1]["id"] == note["id"]
    called = await eventually(
        lambda: [each["data"] for each in other.of_type("notice") if each["data"]["code"] == "mentioned"]
    )
    assert called == [{"code": "mentioned", "conversation_id": talk, "by": "Agent 101"}]
    # It is work for who was called, also when they were not at their desk, until they have looked.
    page = await other.get("conversations", scope="mine")
    assert [each["mentions"] for each in page["items"]] == [[other_id]]
    assert page["counts"]["mine"] == 1
    assert (await other.ask("POST", f"conversations/{talk}/seen"))[0] == 204
    page = await other.get("conversations", scope="mine")
    assert (page["items"], page["counts"]["mine"]) == ([], 0)
    assert running.telegram.sent == []
    entries = (await desk.get(f"conversations/{talk}/entries"))["items"]
    assert [each["kind"] for each in entries] == ["note", "message"]
    # The customer still waits: a note is no answer.
    assert await work(desk) == [talk]


async def test_entries_come_in_pages(running: ChannelServer) -> None:
    for n in range(5):
        talk = await write(running, f"message {n}")
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = await running.desk.get(f"conversations/{talk}/entries", **query)
        seen += [each["text"] for each in page["items"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert seen == [f"message {n}" for n in reversed(range(5))]


@pytest.mark.parametrize("show", ["waiting", "answered", "snoozed", "resolved"])
async def test_the_work_comes_in_pages(running: ChannelServer, show: str) -> None:
    talks = [await write(running, f"message {n}", n + 1) for n in range(5)]
    for talk in talks:
        if show == "answered":
            await answer(running.desk, talk)
        if show in ("snoozed", "resolved"):
            until = iso(utc_now() + timedelta(hours=1))
            await running.desk.ask(
                "POST",
                f"conversations/{talk}/state",
                {"state": show} | ({"until": until} if show == "snoozed" else {}),
            )
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2, "show": show}
    while True:
        page = await running.desk.get("conversations", **query)
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert sorted(seen) == sorted(talks)
    whole = await work(running.desk, show=show)
    assert seen == whole
    assert (await running.desk.ask("GET", f"conversations?show={show}&before=nonsense"))[0] == 422


async def test_an_agent_writes_first(running: ChannelServer) -> None:
    talk, desk = await write(running), running.desk
    customer_id = (await desk.get(f"conversations/{talk}"))["customer_id"]
    await desk.ask("POST", f"conversations/{talk}/state", {"state": "resolved"})
    ways = await desk.get(f"customers/{customer_id}/ways")
    assert [named(each) for each in ways["items"]] == [TELEGRAM]
    closed = {each["channel"]: (each["reason"], each["continues"]) for each in ways["closed"]}
    assert closed == {"chat": ("not_signed_in", False), "whatsapp": ("no_address", False)}
    path, body = (
        f"customers/{customer_id}/conversations",
        {"text": "Your order is here", "key": "k", "way": TELEGRAM},
    )
    status, entry = await desk.ask("POST", path, body)
    assert (status, entry["conversation_id"], entry["direction"]) == (201, talk, "outbound")
    assert (await desk.ask("POST", path, body))[1]["id"] == entry["id"]
    # The first answer of all loads aiogram.
    await eventually(lambda: running.telegram.sent == [Sent(CHAT, "Your order is here")])
    foreign = TELEGRAM | {"address": "2"}
    assert (await desk.ask("POST", path, body | {"key": "2", "way": foreign}))[0] == 422


async def test_it_goes_on_in_another_channel_as_the_same_matter(running: ChannelServer) -> None:
    first, desk = await write(running, "in Telegram"), running.desk
    await answer(desk, first, "taken up")
    customer_id = (await desk.get(f"conversations/{first}"))["customer_id"]
    way = await give_mail(running, customer_id)
    assert way in [named(each) for each in (await desk.get(f"conversations/{first}"))["ways"]]
    body = {"text": "here as well", "key": "k", "way": way, "about": first}
    status, entry = await desk.ask("POST", f"customers/{customer_id}/conversations", body)
    assert (status, entry["customer_id"]) == (201, customer_id)
    assert entry["conversation_id"] != first
    (matter,) = (await desk.get(f"customers/{customer_id}/matters"))["items"]
    assert {each["thing_id"] for each in matter["links"]} == {first, entry["conversation_id"]}


async def give_mail(running: ChannelServer, customer_id: str) -> dict[str, str]:
    """An address of the customer, and a mailbox to write to it from."""
    mine, theirs = "support@sample.example", "olena@example.org"

    def give(connection: Connection) -> None:
        inboxes.resolve_inbox(connection, "email", mine, mine)
        people.add_identity(connection, customer_id, Identity("email", theirs), evidence={}, at=utc_now())

    await running.server.db.write(give)
    return {"channel": "email", "inbox": mine, "address": theirs}


def named(way: dict[str, Any]) -> dict[str, str]:
    return {name: way[name] for name in ("channel", "inbox", "address")}


async def test_files_go_along_with_what_is_begun(running: ChannelServer) -> None:
    talk, desk = await write(running), running.desk
    customer_id = (await desk.get(f"conversations/{talk}"))["customer_id"]
    _, file = await upload(desk, b"the bill", "bill.txt")
    body = {"key": "k", "way": TELEGRAM, "attachments": [file["id"]]}
    path = f"customers/{customer_id}/conversations"
    status, entry = await desk.ask("POST", path, body)
    assert (status, entry["text"]) == (201, ""), entry
    assert [each["name"] for each in entry["payload"]["attachments"]] == ["bill.txt"]
    assert (await desk.ask("POST", path, body))[1]["id"] == entry["id"]
    (sent,) = await eventually(lambda: running.telegram.sent)
    assert (sent.chat_id, sent.file) == (CHAT, "bill.txt")
    # Once it went with a message it goes with no other, and nothing goes with nothing.
    assert (await desk.ask("POST", path, body | {"key": "other"}))[0] == 404
    assert (await desk.ask("POST", path, {"key": "none", "way": TELEGRAM}))[0] == 422


async def test_a_bot_that_they_never_started_is_not_offered_but_a_link(running: ChannelServer) -> None:
    await running.server.db.write(lambda c: inboxes.resolve_inbox(c, "telegram", "bot", "@shop_bot"))

    def make(connection: Connection) -> str:
        known = people.make_customer(connection, NewCustomer(name="Imported"), utc_now())
        for kind, address in (("telegram", str(CHAT)), ("telegram", "@imported"), ("phone", "+380501110001")):
            people.add_identity(connection, known, Identity(kind, address), evidence={}, at=utc_now())
        return known

    customer_id, desk = await running.server.db.write(make), running.desk
    ways = await desk.get(f"customers/{customer_id}/ways")
    assert ways["items"] == []
    assert {"channel": "telegram", "reason": "not_written", "continues": True} in ways["closed"]
    path, body = f"customers/{customer_id}/conversations", {"text": "hello", "key": "k", "way": TELEGRAM}
    assert (await desk.ask("POST", path, body))[0] == 422
    status, link = await desk.ask("POST", f"customers/{customer_id}/continue", {"channel": "telegram"})
    assert (status, link["url"].startswith("https://t.me/shop_bot?start=go-")) == (201, True)
    talk = await write(running, f"/start {link['url'].partition('=')[2]}", text_of="")
    assert (await desk.get(f"conversations/{talk}"))["customer_id"] == customer_id
    (matter,) = (await desk.get(f"customers/{customer_id}/matters"))["items"]
    assert [each["thing_id"] for each in matter["links"]] == [talk]
    assert [named(each) for each in (await desk.get(f"customers/{customer_id}/ways"))["items"]] == [TELEGRAM]
    assert (await desk.ask("POST", path, body))[0] == 201


async def test_copies_and_forwarding_are_for_mail(running: ChannelServer) -> None:
    talk = await write(running)
    for more in ({"cc": ["a@b.example"]}, {"to": "a@b.example"}, {"cc": ["nonsense"]}, {"to": ""}):
        assert (await answer(running.desk, talk, **more))[0] == 422, more


async def test_canned_answers_are_filled_for_the_conversation(running: ChannelServer) -> None:
    talk, desk = await write(running), running.desk
    text = "Good day, {customer.name}! Order {order.number} over {order.total}. {agent.name}, {company.name}"
    async with logged_in(running.server, "admin") as admin:
        assert (await desk.ask("POST", "canned_answers", {"title": "x", "text": "x"}))[0] == 403
        status, made = await admin.ask("POST", "canned_answers", {"title": "Greeting", "text": text})
        assert (status, made["title"]) == (201, "Greeting")
        assert (await admin.ask("POST", "canned_answers", {"title": "Greeting", "text": "x"}))[0] == 409
        assert (await admin.ask("POST", "canned_answers", {"title": "y", "text": "{password}"}))[0] == 422
        (filled,) = (await desk.get(f"conversations/{talk}/canned_answers"))["items"]
        name = (await desk.get(f"conversations/{talk}"))["customer_name"]
        # What is not known stays to be filled.
        assert filled["filled"] == (
            f"Good day, {name}! Order {{order.number}} over {{order.total}}. Agent 101, Omniline"
        )
        customer_id = (await desk.get(f"conversations/{talk}"))["customer_id"]
        status_ = NewStatus(
            shop="", number="A-7", status=OrderStatus.UNPAID, at=utc_now(), total=129900, currency="UAH"
        )
        await running.server.db.write(orders.save_status, customer_id, status_)
        (filled,) = (await desk.get(f"conversations/{talk}/canned_answers"))["items"]
        assert "Order A-7 over 1299.00 UAH." in filled["filled"]
        path = f"canned_answers/{made['id']}"
        changed = {"title": "Greeting", "text": "Hello"}
        assert (await admin.ask("PUT", path, changed))[1]["text"] == "Hello"
        assert (await admin.ask("DELETE", path))[0] == 204
        assert (await admin.ask("DELETE", path))[0] == 404
    assert (await desk.get("canned_answers"))["items"] == []


async def test_two_agents_in_one_conversation_see_each_other(running: ChannelServer, other: Client) -> None:
    talk, elsewhere, desk = new_id(), new_id(), running.desk
    await desk.follow()
    await other.follow()

    async def say(client: Client, conversation_id: str, doing: str) -> None:
        assert client.socket is not None
        said = {"type": "presence", "conversation_id": conversation_id, "doing": doing}
        await client.socket.send_json(said)

    def seen(client: Client) -> list[tuple[str, str]]:
        return [(each["data"]["name"], each["data"]["doing"]) for each in client.of_type("presence")]

    await say(desk, talk, "viewing")
    await say(desk, talk, "nonsense")
    await say(other, elsewhere, "viewing")
    await say(other, talk, "typing")
    await eventually(lambda: seen(desk) == [("Agent 102", "typing")])
    await say(desk, talk, "viewing")
    await eventually(lambda: seen(other) == [("Agent 101", "viewing")])
    await other.leave()
    await eventually(lambda: seen(desk)[-1] == ("Agent 102", "gone"))


def test_the_work_is_read_off_its_own_index(conn: Connection) -> None:
    """However many conversations there were."""
    with watching(conn) as statements:
        for scope in ("mine", "unassigned", "all"):
            conversation_views.list_work(conn, show="waiting", scope=scope, agent_id=new_id(), limit=50)  # type: ignore[arg-type]
    for statement in statements:
        plan = explain(conn, statement)
        assert not any(
            step.startswith(("SCAN conversation", "Seq Scan on conversation")) and "ix_" not in step
            for step in plan
        ), plan

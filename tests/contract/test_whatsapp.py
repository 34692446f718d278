"""WhatsApp: whatever Meta documents, from its own bodies to the timeline; answers and what becomes of them, in any order."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from bridge.channels.simulators.faults import Fault, deliver
from bridge.channels.whatsapp import WhatsAppChannel
from bridge.domain.customer import Strength
from bridge.domain.entry import Entry
from bridge.store import people
from bridge.store.schema import delivery_event
from tests.contract.channel_cases import WHATSAPP_NUMBER, whatsapp
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.desk_server import VERIFY_TOKEN, eventually

PERSON = "16505551234"
USER = "US.13491208655302741918"


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


async def arrive(running: ChannelServer, *bodies: bytes) -> list[Entry]:
    for body in bodies:
        assert await running.send(WHATSAPP_NUMBER, body) == 200
    return await running.read()


async def owner_of(running: ChannelServer, kind: str, address: str) -> str | None:
    owner = await running.server.db.read(people.find_owner, kind, address)
    return owner and owner.leaf_id


@pytest.mark.parametrize(
    ("name", "text", "payload"),
    [
        ("text", "Does it come in another color?", {}),
        (
            "location",
            "Solomon R. Guggenheim Museum\n1071 5th Ave, New York, NY 10128\n40.782910059774, -73.959075808525",
            {},
        ),
        ("contacts", "Barbara J. Johnson +1 (415) 555-0829", {}),
        ("button_reply", "Cancel", {}),
        ("list_reply", "Priority Mail Express\nNext Day to 2 Days", {}),
        ("button", "Unsubscribe", {}),
        ("reaction", "👍", {"reaction": True}),
        ("unsupported", "", {"unsupported": "edit"}),
        ("system", "User Sheena Nelson changed from 16505551234 to 12195555358", {}),
    ],
)
async def test_what_meta_documents_is_on_the_timeline(
    running: ChannelServer, name: str, text: str, payload: dict[str, Any]
) -> None:
    (entry,) = await arrive(running, whatsapp(name))
    assert (entry.text, entry.payload) == (text, payload)
    assert entry.channel == "whatsapp"
    assert await owner_of(running, "whatsapp", PERSON) == entry.customer_id


async def test_what_is_not_known_says_what_it_is(running: ChannelServer) -> None:
    (entry,) = await arrive(running, whatsapp("text", type="hologram", hologram={"caption": "look"}))
    assert (entry.text, entry.payload) == ("look", {"unsupported": "hologram"})


async def test_an_answer_to_a_message_says_to_which(running: ChannelServer) -> None:
    first, second = await arrive(
        running, whatsapp("text", id="wamid.1"), whatsapp("text", id="wamid.2", context={"id": "wamid.1"})
    )
    assert second.payload == {"reply_to": first.id}


async def test_a_number_without_an_id_an_id_with_it_and_an_id_alone_are_one_person(
    running: ChannelServer,
) -> None:
    entries = await arrive(running, whatsapp("text"), whatsapp("both"), whatsapp("no_number"))
    assert len(entries) == 3
    assert len({entry.customer_id for entry in entries}) == 1
    assert {entry.author for entry in entries} == {"Sheena Nelson"}


async def test_who_shows_no_number_is_known_by_their_id_and_by_the_number_later(
    running: ChannelServer,
) -> None:
    (first,) = await arrive(running, whatsapp("no_number"))
    assert await owner_of(running, "whatsapp", USER) == first.customer_id
    _, second = await arrive(running, whatsapp("both"))
    assert second.customer_id == first.customer_id
    assert second.conversation_id == first.conversation_id
    owner = await running.server.db.read(people.find_owner, "phone", f"+{PERSON}")
    assert owner is not None
    assert (owner.leaf_id, owner.strength) == (first.customer_id, Strength.PROVEN)


async def test_a_caller_who_writes_is_known(running: ChannelServer) -> None:
    caller = await running.server.add_customer("Sheena", f"+{PERSON}")
    (entry,) = await arrive(running, whatsapp("both"))
    assert entry.customer_id == caller


async def test_one_body_with_several_messages_and_states(running: ChannelServer) -> None:
    simulator = running.whatsapp
    texts = [
        {"id": f"wamid.{n}", "from": PERSON, "timestamp": "1749416383", "type": "text"} for n in range(3)
    ]
    body = simulator.body(
        messages=[each | {"text": {"body": f"{n}"}} for n, each in enumerate(texts)],
        statuses=[{"id": "wamid.nobodys", "status": "read", "timestamp": "1749416383"}],
    )
    assert [entry.text for entry in await arrive(running, body, body)] == ["0", "1", "2"]


async def test_what_is_of_nobody_stays_as_it_arrived(running: ChannelServer) -> None:
    account = {"entry": [{"changes": [{"field": "account_alerts", "value": {"alert_info": {}}}]}]}
    bodies = (
        whatsapp("status"),
        whatsapp("text", group_id="Y2FwaV9ncm91cDo"),
        json.dumps(account).encode(),
        running.whatsapp.body(errors=[{"code": 130429}]),
    )
    assert await arrive(running, *bodies) == []


async def test_meta_asks_whether_the_inbox_is_there(running: ChannelServer) -> None:
    assert await running.whatsapp.subscribe(VERIFY_TOKEN)
    assert not await running.whatsapp.subscribe("")
    assert not await running.whatsapp.subscribe(VERIFY_TOKEN[:-1])
    running.whatsapp.hook = running.telegram.hook
    assert not await running.whatsapp.subscribe(VERIFY_TOKEN)


class Talk:
    """A conversation that a customer has begun."""

    def __init__(self, running: ChannelServer) -> None:
        self.running = running
        self.id = ""

    async def begin(self, person: str = PERSON, *, ago: float = 0) -> Talk:
        simulator = self.running.whatsapp
        assert await simulator.post(simulator.write(person, "Sheena", "hello", ago=ago)) == 200
        self.id = (await self.running.read())[-1].conversation_id or ""
        return self

    async def ask(self, text: str, **more: Any) -> tuple[int, Any]:
        body = {"text": text, "key": text[:200], **more}
        return await self.running.desk.ask("POST", f"conversations/{self.id}/messages", body)

    async def answer(self, *texts: str) -> None:
        for text in texts:
            status, entry = await self.ask(text)
            assert status == 201, entry

    async def deliveries(self) -> list[Entry]:
        return [entry for entry in await self.running.read() if entry.delivery]

    async def wait_for(self, *states: str) -> list[Entry]:
        async def found() -> list[Entry] | None:
            got = await self.deliveries()
            return (
                got if tuple(each.delivery and each.delivery.state.value for each in got) == states else None
            )

        got: list[Entry] = await eventually(found)
        return got


@pytest.fixture
async def talk(running: ChannelServer) -> Talk:
    return await Talk(running).begin()


def got(running: ChannelServer) -> list[str]:
    return [sent.text for sent in running.whatsapp.sent]


async def test_an_answer_is_delivered_and_read_and_the_desks_hear_it(talk: Talk) -> None:
    simulator = talk.running.whatsapp
    await talk.running.desk.follow()
    await talk.answer("Good day 🙂")
    await talk.wait_for("sent")
    assert [(sent.to, sent.text) for sent in simulator.sent] == [(PERSON, "Good day 🙂")]
    for state in ("delivered", "read"):
        assert await simulator.post(simulator.tell(simulator.sent[0], state)) == 200
        await talk.wait_for(state)

    def heard() -> bool:
        told = [each["data"] for each in talk.running.desk.of_type("notice")]
        states = [each["delivery"]["state"] for each in told if each["code"] == "delivery"]
        return states == ["sending", "sent", "delivered", "read"]

    await eventually(heard)


@pytest.mark.parametrize("order", list(itertools.permutations(("sent", "delivered", "read"))))
async def test_in_whatever_order_states_come_the_latest_stands(talk: Talk, order: tuple[str, ...]) -> None:
    simulator = talk.running.whatsapp
    await talk.answer("one")
    await talk.wait_for("sent")
    bodies = [simulator.tell(simulator.sent[0], state) for state in order]
    await deliver(simulator.post, bodies, repeat=2)
    await talk.wait_for("read")
    events = await talk.running.server.db.read(lambda c: list(c.scalars(select(delivery_event.c.by))))
    assert events.count("provider") == 3


async def test_what_was_taken_and_cannot_be_delivered_has_failed_and_says_why(talk: Talk) -> None:
    simulator = talk.running.whatsapp
    await talk.answer("one")
    await talk.wait_for("sent")
    error = {"code": 131026, "title": "Message undeliverable", "error_data": {"details": "Not on WhatsApp"}}
    await simulator.post(simulator.tell(simulator.sent[0], "failed", error=error))
    (entry,) = await talk.wait_for("failed")
    assert entry.delivery is not None
    assert entry.delivery.reason == "131026: Not on WhatsApp"
    await simulator.post(simulator.tell(simulator.sent[0], "sent"))
    await talk.wait_for("failed")
    assert (await talk.running.desk.ask("POST", f"deliveries/{entry.delivery.id}/send"))[0] == 200
    await talk.wait_for("sent")
    await simulator.post(simulator.tell(simulator.sent[0], "failed", error=error | {"code": 1}))
    await talk.wait_for("sent")


@pytest.mark.parametrize("fault", [Fault.CUT_OFF, Fault.GARBLED, Fault.SILENT])
async def test_a_lost_answer_is_unknown_until_whatsapp_tells_of_the_message(talk: Talk, fault: Fault) -> None:
    simulator, channel = talk.running.whatsapp, talk.running.senders["whatsapp"]
    assert isinstance(channel, WhatsAppChannel)
    channel._timeout = aiohttp.ClientTimeout(total=3.0)
    simulator.faults.append(fault)
    await talk.answer("one", "two")
    await talk.wait_for("unknown", "sent")
    assert got(talk.running) == ["one", "two"]
    await simulator.post(simulator.tell(simulator.sent[0], "delivered"))
    await talk.wait_for("delivered", "sent")


async def test_answers_keep_their_order_while_whatsapp_is_busy_and_broken(talk: Talk) -> None:
    talk.running.whatsapp.faults += [Fault.BUSY, Fault.BROKEN]
    await talk.answer("one", "two", "three")

    async def sent() -> bool:
        talk.running.server.clock.ahead += timedelta(seconds=2)
        return len(talk.running.whatsapp.sent) == 3

    await eventually(sent)
    await talk.wait_for("sent", "sent", "sent")
    assert got(talk.running) == ["one", "two", "three"]
    assert talk.running.whatsapp.asked == 5


async def test_what_whatsapp_does_not_take_has_failed_and_the_next_goes(talk: Talk) -> None:
    talk.running.whatsapp.faults.append(Fault.BLOCKED)
    await talk.answer("one", "two")
    failed, _ = await talk.wait_for("failed", "sent")
    assert failed.delivery is not None
    assert failed.delivery.reason == "131026: (#131026) Message undeliverable"


async def test_who_shows_no_number_is_answered_by_their_id(running: ChannelServer) -> None:
    talk = await Talk(running).begin(USER)
    await talk.answer("one")
    await talk.wait_for("sent")
    (sent,) = running.whatsapp.sent
    assert sent.body["recipient"] == USER
    assert "to" not in sent.body


async def test_a_talk_of_fifty_messages_with_everything_going_wrong(talk: Talk) -> None:
    simulator = talk.running.whatsapp
    bodies = [simulator.write(PERSON, "Sheena", f"in {n}") for n in range(25)]
    await deliver(simulator.post, bodies, repeat=3, disorder=random.Random(3), drop=0.3)
    await talk.answer(*(f"out {n}" for n in range(25)))
    await talk.wait_for(*["sent"] * 25)
    states = [
        simulator.tell(sent, state) for sent in simulator.sent for state in ("sent", "delivered", "read")
    ]
    await deliver(simulator.post, states, repeat=2, disorder=random.Random(4), drop=0.3)
    await talk.wait_for(*["read"] * 25)
    assert got(talk.running) == [f"out {n}" for n in range(25)]
    texts = [entry.text for entry in await talk.running.read() if entry.direction == "inbound"]
    assert sorted(texts) == sorted(["hello", *(f"in {n}" for n in range(25))])


async def test_a_picture_that_they_send_is_fetched(running: ChannelServer) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(64)
    running.whatsapp.media["1003383421387256"] = picture
    (entry,) = await arrive(running, whatsapp("image"))
    assert entry.text == "Taj Mahal"

    async def stored() -> Any:
        (newest,) = await running.read()
        (file,) = newest.payload["attachments"]
        return file if file.get("state", "stored") == "stored" else None

    file = await eventually(stored)
    assert (file["media_type"], file["size"]) == ("image/png", len(picture))


async def test_a_file_of_ours_is_given_to_meta_and_sent_by_its_id(talk: Talk) -> None:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", b"%PDF-1.4 x", filename="счёт.pdf", content_type="application/pdf")
    address = f"{talk.running.server.url}/api/v1/attachments"
    async with talk.running.desk.http.post(address, data=form) as answer:
        upload = await answer.json()
    status, entry = await talk.ask("here it is", attachments=[upload["id"]])
    assert status == 201, entry
    await talk.wait_for("sent")
    (sent,) = talk.running.whatsapp.sent
    document = sent.body["document"]
    assert (document["caption"], document["filename"]) == ("here it is", "счёт.pdf")
    assert talk.running.whatsapp.media[document["id"]] == b"%PDF-1.4 x"

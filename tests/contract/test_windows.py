"""Whether something may be written: WhatsApp's 24 hours, templates, and what people have said about being written to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bridge.channels.simulators.faults import Fault
from bridge.domain.consent import said_in
from bridge.domain.customer import Identity
from bridge.domain.times import parse_iso, utc_now
from bridge.store import inboxes, people
from bridge.store.people import NewCustomer
from tests.contract.channel_cases import TELEGRAM_BOT, telegram
from tests.contract.channel_server import NUMBER, ChannelServer, channels_serving
from tests.contract.desk_server import eventually
from tests.contract.test_whatsapp import PERSON, Talk

DAY = timedelta(hours=24)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


@pytest.fixture
async def talk(running: ChannelServer) -> Talk:
    return await Talk(running).begin()


async def window(talk: Talk) -> dict[str, Any]:
    found: dict[str, Any] = await talk.running.desk.get(f"conversations/{talk.id}/window")
    return found


async def send_template(talk: Talk, name: str, values: dict[str, str]) -> tuple[int, Any]:
    body = {"name": name, "language": "en", "values": values, "key": name}
    return await talk.running.desk.ask("POST", f"conversations/{talk.id}/template", body)


async def test_until_a_day_after_their_last_message_anything_may_be_written(running: ChannelServer) -> None:
    talk = await Talk(running).begin(ago=DAY.total_seconds() - 60)
    now = await window(talk)
    assert now["open"] is True
    assert abs(parse_iso(now["window_ends_at"]) - utc_now() - MINUTE) < MINUTE / 2
    await talk.answer("just in time")
    await talk.wait_for("sent")


async def test_then_only_a_template_goes_until_they_write_again(running: ChannelServer) -> None:
    talk = await Talk(running).begin(ago=DAY.total_seconds())
    assert (await window(talk))["open"] is False
    status, problem = await talk.ask("too late")
    assert (status, problem["type"]) == (409, "urn:omniline:window-closed")
    assert problem["others"] == {"phone": None}
    assert await talk.deliveries() == []
    status, entry = await send_template(talk, "go_on", {"1": "Sheena", "2": "the kettle"})
    assert (status, entry["text"]) == (201, "Hello Sheena, may we go on about the kettle?")
    await talk.wait_for("sent")
    (sent,) = running.whatsapp.sent
    (body,) = sent.body["template"]["components"]
    assert [each["text"] for each in body["parameters"]] == ["Sheena", "the kettle"]
    await write(talk, "go on")
    await talk.answer("gladly")
    await talk.wait_for("sent", "sent")


async def way_to(running: ChannelServer, customer_id: str | None) -> dict[str, Any]:
    """From the number that the simulator has."""
    ways = (await running.desk.get(f"customers/{customer_id}/ways"))["items"]
    (way,) = [each for each in ways if each["inbox"] == NUMBER]
    return dict(way)


async def test_a_conversation_is_begun_by_a_template_where_they_have_not_written_lately(
    running: ChannelServer,
) -> None:
    talk, desk = await Talk(running).begin(ago=DAY.total_seconds()), running.desk
    (entry,) = await running.read()
    way = await way_to(running, entry.customer_id)
    assert (way["channel"], way["templated"]) == ("whatsapp", True)
    assert (await desk.get(f"inboxes/{way['inbox_id']}/templates"))["items"][0]["name"] == "go_on"
    path = f"customers/{entry.customer_id}/conversations"
    status, problem = await desk.ask("POST", path, {"key": "k", "way": way, "text": "hello"})
    assert (status, problem["type"]) == (409, "urn:omniline:window-closed")
    chosen = {"name": "go_on", "language": "en", "values": {"1": "Sheena", "2": "the kettle"}}
    body = {"key": "k", "way": way, "template": chosen}
    assert (await desk.ask("POST", path, body | {"text": "and this"}))[0] == 422
    status, begun = await desk.ask("POST", path, body)
    assert (status, begun["text"]) == (201, "Hello Sheena, may we go on about the kettle?")
    assert (begun["conversation_id"], begun["delivery"]["state"]) == (talk.id, "accepted")
    await talk.wait_for("sent")
    # Once they have written there, anything may be said.
    await write(talk, "gladly")
    way = await way_to(running, entry.customer_id)
    assert way["templated"] is False
    assert (await desk.ask("POST", path, {"key": "k2", "way": way, "text": "hello"}))[0] == 201


async def test_somebody_who_is_only_known_by_the_address_is_begun_with_by_a_template(
    running: ChannelServer,
) -> None:
    def make(connection: Connection) -> str:
        known = people.make_customer(connection, NewCustomer(name="Imported"), utc_now())
        people.add_identity(connection, known, Identity("whatsapp", PERSON), evidence={}, at=utc_now())
        return known

    customer_id, desk = await running.server.db.write(make), running.desk
    way = await way_to(running, customer_id)
    chosen = {"name": "go_on", "language": "en", "values": {"1": "Sheena", "2": "the kettle"}}
    body = {"key": "k", "way": way, "template": chosen}
    status, begun = await desk.ask("POST", f"customers/{customer_id}/conversations", body)
    assert (status, begun["customer_id"]) == (201, customer_id)
    simulator = running.whatsapp
    await eventually(lambda: simulator.sent)
    assert await simulator.post(simulator.write(PERSON, "Sheena", "gladly")) == 200
    answered = (await running.read())[-1]
    assert (answered.conversation_id, answered.customer_id) == (begun["conversation_id"], customer_id)


async def test_the_templates_of_an_inbox_are_those_that_can_be_filled_in(talk: Talk) -> None:
    inbox_id = (await window(talk))["inbox_id"]
    listed = await talk.running.desk.get(f"inboxes/{inbox_id}/templates")
    assert [(each["name"], each["blanks"], each["marketing"]) for each in listed["items"]] == [
        ("go_on", ["1", "2"], False),
        ("sale", ["name"], True),
    ]
    bot = await talk.running.server.db.read(inboxes.find_inbox, "telegram", "bot")
    assert bot is not None
    assert (await talk.running.desk.ask("GET", f"inboxes/{bot.id}/templates"))[0] == 404
    for values in ({}, {"1": "x"}, {"1": "x", "2": " "}, {"1": "x", "2": "y", "3": "z"}):
        assert (await send_template(talk, "go_on", values))[0] == 422
    assert (await send_template(talk, "waits", {}))[0] == 422


async def test_telegram_has_no_window(running: ChannelServer) -> None:
    assert await running.send(TELEGRAM_BOT, telegram("text", text="hello")) == 200
    (entry,) = await running.read()
    found = await running.desk.get(f"conversations/{entry.conversation_id}/window")
    assert (found["limited"], found["open"], found["window_ends_at"]) == (False, True, None)


async def write(talk: Talk, text: str) -> str:
    simulator = talk.running.whatsapp
    assert await simulator.post(simulator.write(PERSON, "Sheena", text)) == 200
    return (await talk.running.read())[-1].id


async def consents(talk: Talk) -> list[dict[str, Any]]:
    (first, *_) = await talk.running.read()
    listed = await talk.running.desk.get(f"customers/{first.customer_id}/consents")
    items: list[dict[str, Any]] = listed["items"]
    return items


@pytest.mark.parametrize("word", ["STOP", "стоп!", "Відписатися", "не пишите мне"])
async def test_who_says_stop_is_not_written_to_from_then_on(talk: Talk, word: str) -> None:
    entry_id = await write(talk, word)
    said = await consents(talk)
    assert {(each["purpose"], each["granted"]) for each in said} == {("service", False), ("marketing", False)}
    assert {(each["entry_id"], each["words"], each["channel"]) for each in said} == {
        (entry_id, word, "whatsapp")
    }
    status, problem = await talk.ask("please")
    assert (status, problem["type"]) == (409, "urn:omniline:opted-out")
    assert (await send_template(talk, "go_on", {"1": "x", "2": "y"}))[0] == 409
    await write(talk, "Start")
    await talk.answer("here we are")
    await talk.wait_for("sent")
    assert [each["granted"] for each in (await consents(talk)) if each["purpose"] == "marketing"] == [False]


async def test_a_stop_holds_for_what_waits_already(talk: Talk) -> None:
    talk.running.whatsapp.faults.append(Fault.BUSY)
    await talk.answer("one")
    await eventually(lambda: talk.running.whatsapp.asked == 1)
    await write(talk, "stop")
    talk.running.server.clock.ahead += timedelta(minutes=2)
    (entry,) = await talk.wait_for("failed")
    assert entry.delivery is not None
    assert entry.delivery.reason == "they have asked not to be written to here"
    assert talk.running.whatsapp.sent == []


async def test_a_no_takes_back_what_an_agent_has_recorded_whoevers_clock_is_ahead(talk: Talk) -> None:
    (first, *_) = await talk.running.read()
    talk.running.server.clock.ahead = timedelta(minutes=3)
    yes = {"channel": "whatsapp", "purpose": "service", "granted": True, "words": "Yes"}
    path = f"customers/{first.customer_id}/consents"
    assert (await talk.running.desk.ask("POST", path, yes))[0] == 201
    await write(talk, "stop")
    assert (await talk.ask("please"))[0] == 409


async def test_a_yes_that_comes_late_takes_back_no_later_no(talk: Talk) -> None:
    await write(talk, "stop")
    simulator = talk.running.whatsapp
    assert await simulator.post(simulator.write(PERSON, "Sheena", "start", ago=60)) == 200
    await talk.running.read()
    assert (await talk.ask("please"))[0] == 409


async def test_advertising_needs_a_yes_of_its_own_with_its_proof(talk: Talk) -> None:
    status, problem = await send_template(talk, "sale", {"name": "Sheena"})
    assert (status, problem["type"]) == (409, "urn:omniline:no-consent")
    (first, *_) = await talk.running.read()
    path = f"customers/{first.customer_id}/consents"
    yes = {"channel": "whatsapp", "purpose": "marketing", "granted": True, "words": "Yes, on the phone"}
    assert (await talk.running.desk.ask("POST", path, yes | {"words": " "}))[0] == 422
    status, kept = await talk.running.desk.ask("POST", path, yes)
    assert (status, kept["by"]) == (201, talk.running.server.agents["101"].id)
    assert (await send_template(talk, "sale", {"name": "Sheena"}))[0] == 201
    await talk.wait_for("sent")
    nobody = "01a21bc2-4e21-7d90-a3f0-fb527c0c015e"
    assert (await talk.running.desk.ask("POST", f"customers/{nobody}/consents", yes))[0] == 404


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("STOP", False), ("/stop", False), ("  Стоп. ", False), ("don't write to me", False), ("start", True),
        ("stop the order please", None), ("don't stop", None), ("", None), ("stop " * 50, None),
    ],
)  # fmt: skip
def test_only_a_text_that_says_nothing_else_is_a_word(text: str, said: bool | None) -> None:
    assert said_in(text) is said

"""Telegram in depth: business accounts, replies, forwards, files, what is taken back, and being asked instead of telling."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bridge.channels.simulators.telegram import Sent
from bridge.channels.telegram import TelegramChannel
from bridge.domain.entry import Entry
from bridge.domain.ports import Subject
from bridge.flows.intake import InboxIntake
from bridge.flows.poll_inbox import PollInbox
from bridge.store import inboxes
from tests.contract.channel_cases import TELEGRAM_BOT, telegram
from tests.contract.channel_server import TOKEN, ChannelServer, channels_serving
from tests.contract.desk_server import eventually

PERSON = 1111111
OWNER = {"id": 42, "first_name": "Olena", "is_bot": False}
BUSINESS = {"business_connection_id": "bc1"}


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


def update(kind: str, update_id: int, **changes: Any) -> bytes:
    """The documented text as an update of another kind."""
    (message,) = (value for key, value in json.loads(telegram("text")).items() if key != "update_id")
    return json.dumps({"update_id": update_id, kind: message | changes}).encode()


async def arrive(running: ChannelServer, *bodies: bytes) -> list[Entry]:
    for body in bodies:
        assert await running.send(TELEGRAM_BOT, body) == 200
    return await running.read()


async def test_a_business_account_s_talk_is_one_with_both_sides_and_is_answered_through_it(
    running: ChannelServer,
) -> None:
    asked, answered = await arrive(
        running,
        update("business_message", 1, message_id=1, text="Is it there?", **BUSINESS),
        update("business_message", 2, message_id=2, text="Yes", **BUSINESS, **{"from": OWNER}),
    )
    assert (asked.direction, asked.author) == ("inbound", "Test Firstname Test Lastname")
    assert (answered.direction, answered.author) == ("outbound", "Olena")
    assert (answered.customer_id, answered.conversation_id) == (asked.customer_id, asked.conversation_id)
    path = f"conversations/{asked.conversation_id}/messages"
    assert (await running.desk.ask("POST", path, {"text": "Come by", "key": "k"}))[0] == 201
    await eventually(lambda: running.telegram.sent == [Sent(PERSON, "Come by", "bc1")])


async def test_what_the_owner_has_with_a_customer_is_another_talk_than_that_with_the_bot(
    running: ChannelServer,
) -> None:
    bot, business = await arrive(
        running, update("message", 1, message_id=1), update("business_message", 2, message_id=1, **BUSINESS)
    )
    assert bot.customer_id == business.customer_id
    assert bot.conversation_id != business.conversation_id


async def test_what_is_edited_or_taken_back_says_so_and_is_kept(running: ChannelServer) -> None:
    date = 1441645532
    gone = {"chat": {"id": PERSON, "type": "private"}, "message_ids": [1, 77], **BUSINESS}
    deletion = json.dumps({"update_id": 3, "deleted_business_messages": gone}).encode()
    first, edited, deleted = await arrive(
        running,
        update("business_message", 1, message_id=1, text="a", date=date, **BUSINESS),
        update("edited_business_message", 2, message_id=1, text="b", edit_date=date + 9, **BUSINESS),
        deletion,
        deletion,
    )
    assert (edited.text, edited.replaces_id) == ("b", first.id)
    assert (deleted.text, deleted.payload, deleted.replaces_id) == ("", {"deleted": True}, edited.id)
    assert first.text == "a"


async def test_an_answer_and_a_forward_say_what_they_are(running: ChannelServer) -> None:
    origin = {"type": "user", "date": 1, "sender_user": {"id": 7, "first_name": "Ivan", "is_bot": False}}
    channel = {"type": "channel", "date": 1, "chat": {"id": -1, "type": "channel", "title": "News"}}
    first, *others = await arrive(
        running,
        update("message", 1, message_id=1),
        update("message", 2, message_id=2, reply_to_message={"message_id": 1, "date": 1}),
        update("message", 3, message_id=3, forward_origin=origin),
        update("message", 4, message_id=4, forward_origin=channel),
        update("message", 5, message_id=5, forward_origin={"type": "hidden_user", "date": 1}),
    )
    assert [each.payload for each in others] == [
        {"reply_to": first.id},
        {"forwarded": "Ivan"},
        {"forwarded": "News"},
        {"forwarded": ""},
    ]


async def test_an_answer_to_what_we_wrote_says_to_which(running: ChannelServer) -> None:
    (first,) = await arrive(running, update("message", 1, message_id=1000))
    path = f"conversations/{first.conversation_id}/messages"
    _, ours = await running.desk.ask("POST", path, {"text": "Which one?", "key": "k"})
    await eventually(lambda: running.telegram.sent)

    async def told() -> bool:
        (sent,) = [entry for entry in await running.read() if entry.delivery]
        return sent.delivery is not None and sent.delivery.state == "sent"

    await eventually(told)
    reply = update("message", 2, message_id=1001, reply_to_message={"message_id": 1, "date": 1})
    *_, answer = await arrive(running, reply)
    assert answer.payload == {"reply_to": ours["id"]}


async def test_an_update_of_a_kind_nobody_knows_is_shown_as_such(running: ChannelServer) -> None:
    (entry,) = await arrive(running, update("hologram_message", 1, text="look"))
    assert (entry.text, entry.payload) == ("look", {"unsupported": "hologram_message"})


async def test_files_come_and_go(running: ChannelServer) -> None:
    running.telegram.files["AwADBAADbXXXXXXXXXXXGBdhD2l6_XX"] = b"%PDF-1.4 hello"
    (entry,) = await arrive(running, telegram("document"))

    async def stored() -> Any:
        (newest,) = await running.read()
        (file,) = newest.payload["attachments"]
        return file if file.get("state", "stored") == "stored" else None

    file = await eventually(stored)
    assert (file["name"], file["media_type"]) == ("Testfile.pdf", "application/pdf")
    form = aiohttp.FormData()
    form.add_field("file", b"GIF89a" + bytes(20), filename="a.gif")
    address = f"{running.server.url}/api/v1/attachments"
    async with running.desk.http.post(address, data=form) as answer:
        upload = await answer.json()
    body = {"text": "look", "key": "k", "attachments": [upload["id"]]}
    path = f"conversations/{entry.conversation_id}/messages"
    assert (await running.desk.ask("POST", path, body))[0] == 201
    await eventually(lambda: running.telegram.sent == [Sent(PERSON, "look", "", "a.gif")])


async def test_telegram_is_asked_for_its_news_and_forgets_only_what_is_kept(running: ChannelServer) -> None:
    simulator, server = running.telegram, running.server
    for number in (5, 6):
        simulator.tell(update("message", number, message_id=number, text=f"m{number}"))
    # What came by the webhook before is known.
    assert await running.send(TELEGRAM_BOT, update("message", 5, message_id=5, text="m5")) == 200
    channel = TelegramChannel("UA", simulator.url, poll_seconds=1)
    inbox = await server.db.read(inboxes.find_inbox, "telegram", "bot")
    assert inbox is not None
    wake = partial(server.bus.tell, Subject.WORK)
    intake = InboxIntake(server.db, inbox, wake, server.clock)
    poller = PollInbox(channel, TOKEN, intake)

    async def kept(key: str) -> bool:
        return await intake.get_cursor() == key

    task = asyncio.create_task(poller.run())
    try:
        await eventually(lambda: kept("6"), within=60)
        simulator.tell(b'{"update_id": 7, "something_new": {"deep": [1, {"x": null}]}}')
        await eventually(lambda: kept("7"))
        await eventually(lambda: simulator.waiting == [])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await channel.close()
    assert [entry.text for entry in await running.read()] == ["m5", "m6"]
    assert await running.count_arrivals() == 3

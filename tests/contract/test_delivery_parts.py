"""Several files in one message, where the provider takes one in each: all of them, once, in order, and said how far."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bridge.channels.simulators.faults import Fault
from bridge.domain.message import LONGEST_CAPTION, OutboundFile, OutboundMessage, parts_of
from tests.contract.channel_cases import TELEGRAM_BOT, WHATSAPP_NUMBER, telegram
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.desk_server import eventually

FILES = ("a.gif", "b.gif", "c.gif")


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


class Talk:
    """A talk on Telegram or WhatsApp in which three files are sent with one text."""

    def __init__(self, running: ChannelServer) -> None:
        self.running = running

    async def begin(self, channel: str) -> Talk:
        inbox, body = {
            "telegram": (TELEGRAM_BOT, telegram("text")),
            "whatsapp": (WHATSAPP_NUMBER, self.running.whatsapp.write("16505551234", "Sheena", "hello")),
        }[channel]
        assert await self.running.send(inbox, body) == 200
        (entry,) = await self.running.read()
        self.path = f"conversations/{entry.conversation_id}/messages"
        return self

    async def send(self, text: str = "look") -> None:
        files = [await self._upload(name) for name in FILES]
        body = {"text": text, "key": "k", "attachments": files}
        status, entry = await self.running.desk.ask("POST", self.path, body)
        assert status == 201, entry

    async def send_again(self) -> None:
        delivery = await self.delivery()
        assert (await self.running.desk.ask("POST", f"deliveries/{delivery.id}/send"))[0] == 200

    async def delivery(self) -> Any:
        (found,) = [entry.delivery for entry in await self.running.read() if entry.delivery]
        return found

    async def wait_for(self, state: str, parts_sent: int) -> Any:
        async def found() -> Any:
            now = await self.delivery()
            assert now.parts in (1, 3)
            return now if (now.state, now.parts_sent) == (state, parts_sent) else None

        # The first answer of all loads aiogram, which takes long where others want the machine.
        return await eventually(found, within=90)

    async def _upload(self, name: str) -> str:
        form = aiohttp.FormData()
        form.add_field("file", b"GIF89a" + name.encode() + bytes(20), filename=name)
        address = f"{self.running.server.url}/api/v1/attachments"
        async with self.running.desk.http.post(address, data=form) as answer:
            upload_id: str = (await answer.json())["id"]
            return upload_id


@pytest.fixture
async def talk(running: ChannelServer) -> Talk:
    return await Talk(running).begin("telegram")


def got(running: ChannelServer) -> list[tuple[str, str]]:
    return [(sent.file, sent.text) for sent in running.telegram.sent]


ALL = [("a.gif", "look"), ("b.gif", ""), ("c.gif", "")]


async def test_each_file_goes_as_a_message_and_the_text_with_the_first(talk: Talk) -> None:
    await talk.send()
    await talk.wait_for("sent", 3)
    assert got(talk.running) == ALL


async def test_what_was_taken_is_not_sent_again_when_the_rest_has_waited(talk: Talk) -> None:
    talk.running.telegram.faults += [None, Fault.BUSY, Fault.BROKEN, None]
    await talk.send()
    await talk.wait_for("accepted", 1)

    async def sent() -> bool:
        talk.running.server.clock.ahead += timedelta(minutes=1)
        return (await talk.delivery()).state == "sent"

    await eventually(sent)
    assert got(talk.running) == ALL


async def test_what_is_refused_on_the_way_says_how_far_it_came_and_only_the_rest_is_sent_again(
    talk: Talk,
) -> None:
    talk.running.telegram.faults += [None, Fault.BLOCKED]
    await talk.send()
    failed = await talk.wait_for("failed", 1)
    assert failed.reason == "Forbidden: bot was blocked by the user"
    assert got(talk.running) == ALL[:1]
    await talk.send_again()
    await talk.wait_for("sent", 3)
    assert got(talk.running) == ALL


async def test_a_lost_answer_is_of_one_part_and_only_a_person_sends_that_again(talk: Talk) -> None:
    talk.running.telegram.faults += [None, Fault.CUT_OFF]
    await talk.send()
    await talk.wait_for("unknown", 1)
    talk.running.server.clock.ahead += timedelta(hours=1)
    assert got(talk.running) == ALL[:2]
    await talk.send_again()
    await talk.wait_for("sent", 3)
    assert got(talk.running) == [*ALL[:2], *ALL[1:]]


async def test_an_answer_to_one_part_is_one_to_the_message(talk: Talk) -> None:
    await talk.send()
    await talk.wait_for("sent", 3)
    (ours,) = [entry for entry in await talk.running.read() if entry.delivery]
    answer = telegram("text", 10001, message_id=9999, reply_to_message={"message_id": 2, "date": 1})
    await talk.running.send(TELEGRAM_BOT, answer)
    *_, newest = await talk.running.read()
    assert newest.payload == {"reply_to": ours.id}


async def test_the_whole_is_delivered_when_its_last_part_is(running: ChannelServer) -> None:
    talk, simulator = await Talk(running).begin("whatsapp"), running.whatsapp
    await talk.send()
    await talk.wait_for("sent", 3)
    first, second, third = simulator.sent
    for sent, state in ((first, "read"), (third, "delivered")):
        await simulator.post(simulator.tell(sent, state))
    await running.read()
    assert (await talk.delivery()).state == "sent"
    await simulator.post(simulator.tell(second, "delivered"))
    await talk.wait_for("delivered", 3)


async def test_a_part_that_failed_later_fails_the_message_and_is_sent_again_alone(
    running: ChannelServer,
) -> None:
    talk, simulator = await Talk(running).begin("whatsapp"), running.whatsapp
    await talk.send()
    await talk.wait_for("sent", 3)
    lost = simulator.sent[1]
    error = {"code": 131053, "title": "Media upload error", "error_data": {"details": "Too large"}}
    await simulator.post(simulator.tell(lost, "failed", error=error))
    assert (await talk.wait_for("failed", 2)).reason == "131053: Too large"
    await talk.send_again()
    await talk.wait_for("sent", 3)
    assert len(simulator.sent) == 4
    assert simulator.sent[3].body["image"]["id"] != lost.body["image"]["id"]
    # The old one's failure told once more is not the new one's.
    await simulator.post(simulator.tell(lost, "failed", error=error | {"code": 1}))
    await running.read()
    assert (await talk.delivery()).state == "sent"


async def test_a_part_whose_answer_was_lost_is_known_when_whatsapp_tells_of_it(
    running: ChannelServer,
) -> None:
    talk, simulator = await Talk(running).begin("whatsapp"), running.whatsapp
    simulator.faults += [None, Fault.CUT_OFF]
    await talk.send()
    await talk.wait_for("unknown", 1)
    await simulator.post(simulator.tell(simulator.sent[1], "delivered"))
    await talk.wait_for("unknown", 2)
    await talk.send_again()
    await talk.wait_for("sent", 3)
    assert len(simulator.sent) == 3


async def test_an_album_of_theirs_stands_together_in_its_order(running: ChannelServer) -> None:
    pictures = [
        telegram("document", 10 + number, message_id=10 + number, media_group_id="g1", caption=caption)
        for number, caption in enumerate(("look", "", ""))
    ]
    for body in pictures:
        assert await running.send(TELEGRAM_BOT, body) == 200
    entries = await running.read()
    assert [(entry.text, entry.payload["album"]) for entry in entries] == [
        ("look", "g1"),
        ("", "g1"),
        ("", "g1"),
    ]
    assert [entry.source_key.rpartition("/")[2] for entry in entries] == ["10", "11", "12"]


@pytest.mark.parametrize("text", ["x" * (LONGEST_CAPTION + 1), "😀" * (LONGEST_CAPTION // 2 + 1)])
def test_a_text_that_fits_under_no_file_goes_before_them(text: str) -> None:
    file = OutboundFile(name="a", media_type="image/png", size=1, path=Path("a"))
    message = OutboundMessage(
        key="k", inbox="i", thread="t", text=text, conversation_id="c", attachments=(file,)
    )
    alone, picture = parts_of(message)
    assert (alone.text, alone.attachments, alone.key) == (text, (), "k/0")
    assert (picture.text, picture.attachments, picture.key) == ("", (file,), "k/1")

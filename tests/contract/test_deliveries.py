"""Answers: accepted, sent through aiogram to a simulated Telegram, once and in order; and what becomes of them otherwise."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bridge.channels.simulators import telegram as simulator
from bridge.channels.simulators.faults import Fault
from bridge.channels.simulators.telegram import RETRY_AFTER, Sent
from bridge.channels.telegram import TelegramChannel
from bridge.domain.message import OutboundMessage
from bridge.flows import deliver as deliver_flow
from bridge.flows.send_reply import send_reply
from bridge.store.schema import conversation, delivery_event
from bridge.store.schema import outbox as outbox_table
from tests.contract.channel_cases import telegram
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.desk_server import eventually

CHAT = 1111111
OTHER_CHAT = 2222222


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


class Talk:
    """A conversation that a customer has begun."""

    def __init__(self, running: ChannelServer) -> None:
        self.running = running
        self.id = ""

    async def begin(self) -> Talk:
        await self.running.telegram.deliver([telegram("text", text="hello")])
        (entry,) = await self.running.read()
        self.id = entry.conversation_id or ""
        return self

    async def begin_another(self, chat: int) -> Talk:
        who, place = {"id": chat, "is_bot": False, "first_name": "Other"}, {"id": chat, "type": "private"}
        update = telegram("text", 2, text="hello too", message_id=2, chat=place, **{"from": who})
        await self.running.telegram.deliver([update])
        entry = next(each for each in await self.running.read() if each.text == "hello too")
        other = Talk(self.running)
        other.id = entry.conversation_id or ""
        return other

    async def ask(self, text: str, key: str) -> tuple[int, Any]:
        body = {"text": text, "key": key}
        return await self.running.desk.ask("POST", f"conversations/{self.id}/messages", body)

    async def answer(self, *texts: str) -> None:
        for text in texts:
            status, entry = await self.ask(text, text[:200])
            assert status == 201, entry
            assert entry["delivery"]["state"] in ("accepted", "sending")

    async def states(self) -> list[tuple[str, str]]:
        """(text, state) of every answer, in the order in which they were written."""
        entries = [entry for entry in await self.running.read() if entry.delivery]
        return [(entry.text, entry.delivery.state.value) for entry in entries if entry.delivery]

    async def wait_for(self, *states: str) -> list[tuple[str, str]]:
        async def found() -> list[tuple[str, str]] | None:
            got = await self.states()
            return got if tuple(state for _, state in got) == states else None

        got: list[tuple[str, str]] = await eventually(found)
        return got


@pytest.fixture
async def talk(running: ChannelServer) -> Talk:
    return await Talk(running).begin()


def got(running: ChannelServer) -> list[str]:
    assert {sent.chat_id for sent in running.telegram.sent} <= {CHAT}
    return [sent.text for sent in running.telegram.sent]


async def test_an_answer_is_sent_and_the_desks_hear_how_it_goes(talk: Talk) -> None:
    await talk.running.desk.follow()
    await talk.answer("Good day")
    await talk.wait_for("sent")
    assert talk.running.telegram.sent == [Sent(CHAT, "Good day")]

    def heard() -> bool:
        told = [each["data"] for each in talk.running.desk.of_type("notice")]
        return [each["delivery"]["state"] for each in told if each["code"] == "delivery"] == [
            "sending",
            "sent",
        ]

    await eventually(heard)


async def test_the_same_key_is_the_same_message(talk: Talk) -> None:
    (_, first), (_, second) = await talk.ask("once", "k"), await talk.ask("once", "k")
    assert first["id"] == second["id"]
    await talk.wait_for("sent")
    assert got(talk.running) == ["once"]


async def test_answers_keep_their_order_while_telegram_is_busy_and_broken(talk: Talk) -> None:
    telegram_ = talk.running.telegram
    telegram_.faults += [Fault.BUSY, Fault.BROKEN]
    await talk.answer("one", "two", "three")
    await eventually(lambda: telegram_.asked == 1)
    await talk.wait_for("accepted", "accepted", "accepted")
    assert got(talk.running) == []
    talk.running.server.clock.ahead += timedelta(seconds=RETRY_AFTER + 1)
    await eventually(lambda: telegram_.asked == 2)
    assert got(talk.running) == []
    talk.running.server.clock.ahead += timedelta(minutes=11)
    await talk.wait_for("sent", "sent", "sent")
    assert got(talk.running) == ["one", "two", "three"]


async def test_what_telegram_does_not_take_has_failed_and_says_why(talk: Talk) -> None:
    talk.running.telegram.faults.append(Fault.BLOCKED)
    await talk.answer("one", "two")
    await talk.wait_for("failed", "sent")
    assert got(talk.running) == ["two"]
    (failed, _) = [entry for entry in await talk.running.read() if entry.delivery]
    assert failed.delivery is not None
    assert failed.delivery.reason == "Forbidden: bot was blocked by the user"


@pytest.mark.parametrize("fault", [Fault.CUT_OFF, Fault.GARBLED, Fault.SILENT])
async def test_a_lost_answer_is_unknown_and_only_a_person_sends_it_again(talk: Talk, fault: Fault) -> None:
    if fault is Fault.SILENT:
        hurry(talk.running)
    talk.running.telegram.faults.append(fault)
    await talk.answer("one", "two")
    await talk.wait_for("unknown", "sent")
    talk.running.server.clock.ahead += timedelta(hours=1)
    assert got(talk.running) == ["one", "two"]
    (lost, sent) = [entry for entry in await talk.running.read() if entry.delivery]
    assert lost.delivery is not None and sent.delivery is not None
    status, _ = await talk.running.desk.ask("POST", f"deliveries/{sent.delivery.id}/send")
    assert status == 409
    status, again = await talk.running.desk.ask("POST", f"deliveries/{lost.delivery.id}/send")
    assert (status, again["delivery"]["state"]) == (200, "accepted")
    await talk.wait_for("sent", "sent")
    assert got(talk.running) == ["one", "two", "one"]


def hurry(running: ChannelServer) -> None:
    """Telegram is not waited for as long as in earnest."""
    channel = running.senders["telegram"]
    assert isinstance(channel, TelegramChannel)
    channel._timeout = 3.0


async def test_who_died_while_sending_leaves_an_unknown_one(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = talk.running.senders["telegram"]
    send = sender.send

    async def die(token: str, message: OutboundMessage) -> str:
        monkeypatch.setattr(sender, "send", send)
        await send(token, message)
        raise MemoryError("died")

    monkeypatch.setattr(sender, "send", die)
    await talk.answer("one", "two")

    async def found() -> bool:
        talk.running.server.clock.ahead += timedelta(seconds=1)
        return [state for _, state in await talk.states()] == ["unknown", "sent"]

    await eventually(found)
    assert got(talk.running) == ["one", "two"]


async def test_telegram_is_not_there_and_comes_back(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = talk.running.senders["telegram"]
    assert isinstance(channel, TelegramChannel)
    there, channel._api = channel._api, "http://127.0.0.1:1"
    await talk.answer("one")

    async def tried() -> bool:
        def reasons(connection: Any) -> list[str]:
            return list(connection.scalars(select(delivery_event.c.reason)))

        return "Telegram cannot be reached" in await talk.running.server.db.read(reasons)

    await eventually(tried)
    assert await talk.states() == [("one", "accepted")]
    await channel.close()
    channel._api = there
    talk.running.server.clock.ahead += timedelta(minutes=11)
    await talk.wait_for("sent")
    assert got(talk.running) == ["one"]


@pytest.fixture
def busy_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nothing is tried again because the test took long."""
    monkeypatch.setattr(simulator, "RETRY_AFTER", 600)


@pytest.mark.usefixtures("busy_long")
async def test_a_message_waits_behind_the_one_before_it_and_another_talk_does_not(talk: Talk) -> None:
    telegram_, clock = talk.running.telegram, talk.running.server.clock
    telegram_.faults += [Fault.BUSY]
    await talk.answer("one")
    await eventually(lambda: telegram_.asked == 1)
    await talk.answer("two")
    other = await talk.begin_another(OTHER_CHAT)
    await other.answer("three")
    await talk.wait_for("accepted", "accepted", "sent")
    # The first is asked for once more when its time has come, and not before.
    assert ([sent.text for sent in telegram_.sent], telegram_.asked) == (["three"], 2)
    clock.ahead += timedelta(seconds=601)
    await talk.wait_for("sent", "sent", "sent")
    assert [sent.text for sent in telegram_.sent] == ["three", "one", "two"]


@pytest.mark.usefixtures("busy_long")
async def test_what_a_person_sends_again_waits_for_nothing(talk: Talk) -> None:
    telegram_ = talk.running.telegram
    telegram_.faults += [Fault.BLOCKED, Fault.BUSY]
    await talk.answer("one")
    await talk.wait_for("failed")
    await talk.answer("two")
    await eventually(lambda: telegram_.asked == 2)
    await talk.wait_for("failed", "accepted")
    (failed, *_) = [entry for entry in await talk.running.read() if entry.delivery]
    assert failed.delivery is not None
    status, _ = await talk.running.desk.ask("POST", f"deliveries/{failed.delivery.id}/send")
    assert status == 200
    await talk.wait_for("sent", "sent")
    assert got(talk.running) == ["one", "two"]


async def test_a_message_that_is_written_at_the_last_moment_is_sent(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look that found nothing more and the end of the work."""
    finish, written = deliver_flow._finish, []

    def write_first(connection: Any, work: Any) -> bool:
        if not written:
            written.append(1)
            agent = talk.running.server.agents["102"]
            send_reply(connection, talk.id, agent, text="late", key="late", at=talk.running.server.clock())
        return finish(connection, work)

    monkeypatch.setattr(deliver_flow, "_finish", write_first)
    await talk.answer("one")
    await talk.wait_for("sent", "sent")
    assert got(talk.running) == ["one", "late"]


@pytest.mark.parametrize("token", ["", "no token of theirs", "43:unknown"])
async def test_an_inbox_without_the_right_token_says_that_it_cannot_send(talk: Talk, token: str) -> None:
    talk.running.tokens["telegram/bot"] = token
    await talk.answer("one")
    await talk.wait_for("failed")
    assert got(talk.running) == []


@pytest.mark.parametrize("text", ["", "   ", "x" * 20_001])
async def test_what_is_no_message_is_refused(talk: Talk, text: str) -> None:
    status, _ = await talk.ask(text, "k")
    assert status == 422
    assert await talk.states() == []


async def test_a_message_that_is_too_long_for_telegram_has_failed(talk: Talk) -> None:
    await talk.answer("x" * 4097)
    await talk.wait_for("failed")


async def test_an_imported_conversation_and_one_that_is_over_cannot_be_answered(talk: Talk) -> None:
    def import_it(connection: Any) -> None:
        connection.execute(conversation.update().values(inbox_id=None))

    await talk.running.server.db.write(import_it)
    assert (await talk.ask("x", "k"))[0] == 409
    talk.id = "01a21bc2-4e21-7d90-a3f0-fb527c0c015e"
    assert (await talk.ask("x", "k"))[0] == 404


async def test_an_answer_opens_a_resolved_conversation_again_and_a_matter(talk: Talk) -> None:
    def resolve(connection: Any) -> None:
        now = talk.running.server.clock()
        connection.execute(conversation.update().values(state="resolved", resolved_at=now))

    await talk.running.server.db.write(resolve)
    await talk.answer("One more thing")
    state = await talk.running.server.db.read(lambda c: c.scalar(select(conversation.c.state)))
    assert state == "open"
    (first, _) = await talk.running.read()
    customer = await talk.running.desk.get(f"customers/{first.customer_id}")
    assert [matter["title"] for matter in customer["matters"]] == ["One more thing"]


async def test_a_talk_of_fifty_messages_with_everything_going_wrong(talk: Talk) -> None:
    """Updates repeated, shuffled, their answers dropped; nothing lost, nothing twice, answers in order."""
    updates = [telegram("text", 20000 + n, message_id=2000 + n, text=f"in {n}") for n in range(25)]
    await talk.running.telegram.deliver(updates, repeat=3, disorder=random.Random(3), drop=0.3)
    await talk.answer(*(f"out {n}" for n in range(25)))
    await talk.wait_for(*["sent"] * 25)
    assert got(talk.running) == [f"out {n}" for n in range(25)]
    texts = [entry.text for entry in await talk.running.read() if entry.direction == "inbound"]
    assert sorted(texts) == sorted(["hello", *(f"in {n}" for n in range(25))])


async def test_nothing_is_left_in_the_outbox(talk: Talk) -> None:
    await talk.answer("one")
    await talk.wait_for("sent")

    async def empty() -> bool:
        def count(connection: Any) -> int:
            return len(connection.execute(select(outbox_table.c.id)).all())

        return await talk.running.server.db.read(count) == 0

    await eventually(empty)

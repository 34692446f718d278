"""Inboxes are set up at the desk: added, tried, paused; at once, without a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bridge.channels import signing
from bridge.channels.shop import SIGNATURE
from bridge.channels.simulators.telegram import BOT, Fault
from bridge.domain.ports import Intake
from bridge.secrets import InboxBook
from bridge.store import inboxes
from bridge.wiring import channels
from tests.contract.channel_cases import TELEGRAM_BOT, order, telegram
from tests.contract.channel_server import TOKEN, ChannelServer, channels_serving
from tests.contract.desk_server import Client, eventually, logged_in

CHAT = 1111111


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


@pytest.fixture
async def admin(running: ChannelServer) -> AsyncIterator[Client]:
    async with logged_in(running.server, "admin") as client:
        yield client


async def add(admin: Client, channel: str, key: str, **more: str) -> dict[str, Any]:
    status, made = await admin.ask("POST", "channels", {"channel": channel, "key": key, **more})
    assert status == 201, made
    found: dict[str, Any] = made
    return found


async def shown(admin: Client, key: str) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = [each for each in (await admin.get("channels"))["items"] if each["key"] == key]
    return found


async def test_what_is_added_takes_webhooks_at_once_and_shows_its_secret_once(
    running: ChannelServer, admin: Client
) -> None:
    body = order()
    signed = {SIGNATURE: signing.sign(body, "a guess")}
    assert await running.post("shop/second", body, signed) == 404
    made = await add(admin, "shop", "second")
    assert made["hook"].endswith("/hooks/shop/second")
    assert (await shown(admin, "second"))["hook_secret"] is None
    assert await running.post("shop/second", body, signed) == 403
    signed = {SIGNATURE: signing.sign(body, made["hook_secret"])}
    assert await running.post("shop/second", body, signed) == 200
    assert [entry.kind for entry in await running.read()] == ["order"]
    assert (await admin.ask("POST", "channels", {"channel": "shop", "key": "second"}))[0] == 409


async def test_a_bot_that_is_tried_says_its_name_and_writes_a_message(
    running: ChannelServer, admin: Client
) -> None:
    made = await add(admin, "telegram", "second", token=TOKEN)
    path = f"channels/{made['id']}/test"
    works = {"works": True, "reason": None, "address": f"@{BOT}"}
    assert await admin.ask("POST", path, {}) == (200, works)
    assert running.telegram.sent == []
    assert await admin.ask("POST", path, {"to": str(CHAT)}) == (200, works)
    (sent,) = running.telegram.sent
    assert (sent.chat_id, sent.text) == (CHAT, "This is a test message. You need not answer it.")
    assert "telegram" in (await admin.get("continue"))["items"]


async def test_the_last_error_is_shown_until_it_works_again(running: ChannelServer, admin: Client) -> None:
    made = await add(admin, "telegram", "second", token="43:another")
    path = f"channels/{made['id']}/test"
    assert (await admin.ask("POST", path, {}))[1]["works"] is False
    assert (await shown(admin, "second"))["last_error"] == "Unauthorized"
    inbox = await shown(admin, "bot")
    await begin(running)
    running.telegram.faults.append(Fault.BROKEN)
    await write(running, "one")

    async def has_error() -> bool:
        return (await shown(admin, "bot"))["last_error"] is not None

    await eventually(has_error)
    assert (inbox["last_error"], inbox["state"]) == (None, "active")
    running.server.clock.ahead += timedelta(minutes=11)

    async def is_well() -> bool:
        return (await shown(admin, "bot"))["last_error"] is None

    await eventually(is_well)


async def begin(running: ChannelServer) -> str | None:
    assert await running.send(TELEGRAM_BOT, telegram("text", text="hello")) == 200
    (entry,) = await running.read()
    return entry.conversation_id


async def write(running: ChannelServer, text: str) -> None:
    entry = (await running.read())[0]
    path = f"conversations/{entry.conversation_id}/messages"
    assert (await running.desk.ask("POST", path, {"text": text, "key": text}))[0] == 201


async def test_a_paused_inbox_sends_nothing_and_loses_nothing(running: ChannelServer, admin: Client) -> None:
    await begin(running)
    inbox = await shown(admin, "bot")
    path = f"channels/{inbox['id']}"
    assert (await admin.ask("PATCH", path, {"state": "paused"}))[1]["state"] == "paused"
    await write(running, "one")
    assert (
        await running.send(TELEGRAM_BOT, telegram("text", 10001, message_id=2, text="are you there?")) == 200
    )
    assert [entry.text for entry in await running.read()] == ["hello", "one", "are you there?"]
    assert running.telegram.asked == 0
    assert (await admin.ask("PATCH", path, {"state": "active"}))[0] == 200
    await eventually(lambda: [sent.text for sent in running.telegram.sent] == ["one"])


@pytest.mark.parametrize(
    "body",
    [
        {"channel": "fax", "key": "one"},
        {"channel": "email", "key": "support@sample.example"},
        {"channel": "shop", "key": "Two words"},
        {"channel": "shop", "key": "one", "token": 'a"b'},
    ],
)
async def test_what_is_no_inbox_is_refused(
    running: ChannelServer, admin: Client, body: dict[str, str]
) -> None:
    assert (await admin.ask("POST", "channels", body))[0] == 422
    assert (await running.desk.ask("POST", "channels", body))[0] == 403


async def test_a_shop_only_listens_and_says_so(admin: Client) -> None:
    made = await add(admin, "shop", "second")
    _, answer = await admin.ask("POST", f"channels/{made['id']}/test", {})
    assert (answer["works"], answer["reason"].split(":")[0]) == (False, "this inbox only listens")


async def test_a_password_is_kept_and_shown_to_nobody(
    running: ChannelServer, admin: Client, tmp_path: Path
) -> None:
    def make(connection: Connection) -> str:
        return inboxes.resolve_inbox(
            connection, "email", "support@sample.example", "support@sample.example"
        ).id

    path = f"channels/{await running.server.db.write(make)}/token"
    assert "email" not in (await admin.get("channels"))["kinds"]
    before = await shown(admin, "support@sample.example")
    assert (before["has_token"], before["hook"]) == (False, None)
    password = 'p"ä ß]\\ss'
    status, answer = await admin.ask("PUT", path, {"token": password})
    assert (status, answer["has_token"], answer["hook_secret"]) == (200, True, None)
    assert password not in str(answer) + str(await admin.get("channels"))
    assert InboxBook(tmp_path).tokens["email/support@sample.example"] == password
    for wrong in ("", "two\nlines", "x" * 501):
        assert (await admin.ask("PUT", path, {"token": wrong}))[0] == 422
    assert (await running.desk.ask("PUT", path, {"token": "x"}))[0] == 403
    bot = await shown(admin, "bot")
    assert (await admin.ask("PUT", f"channels/{bot['id']}/token", {"token": 'a"b'}))[0] == 422


async def test_whoever_listens_begins_anew_with_another_password(
    running: ChannelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "LOOK_SECONDS", 0.01)
    told: list[str] = []

    class Channel:
        name, inboxes = "email", ("a@x.example",)

        async def listen(self, inbox: str, token: str, intake: Intake) -> None:
            told.append(token)
            await asyncio.Event().wait()

    tokens = {"email/a@x.example": "one"}
    listening = asyncio.create_task(
        channels.listen(running.server.db, Channel(), "a@x.example", tokens, lambda: None)
    )
    await eventually(lambda: told == ["one"])
    tokens["email/a@x.example"] = "two"
    await eventually(lambda: told == ["one", "two"])
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)

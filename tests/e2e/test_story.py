"""One matter over five channels: a cart left on the site, a question in its chat, a mail from another address, a call, Telegram.

Everything is real but the providers' servers: the product as `omniline serve` runs it, Asterisk and a SIP phone, Dovecot, an
SMTP server, the shop's signed webhooks, the chat as a browser speaks with it, aiogram against a simulated Telegram.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from bridge.channels import signing
from bridge.channels.shop import SIGNATURE
from bridge.channels.simulators.telegram import SECRET, TelegramSimulator
from bridge.domain.times import iso, utc_now
from bridge.secrets import inbox_name, load_or_make
from tests.contract.channel_cases import mail, telegram
from tests.contract.channel_server import TOKEN
from tests.dovecot import PASSWORD, Dovecot
from tests.e2e.harness import Desk, Omniline, eventually
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

SITE = "https://shop.example"
MAILBOX = "support@sample.example"
PHONE, ACCOUNT, PRIVATE = "+380671112233", "iryna@shop.example", "iryna.private@example.net"
ORDER = "K-7001"
CHAT = 7007007
SETTINGS = """
[[chats]]
inbox = "site"
origins = ["{site}"]

[[mailboxes]]
address = "{mailbox}"
imap_host = "127.0.0.1"
imap_port = {imap}
imap_tls = "none"
smtp_host = "127.0.0.1"
smtp_port = {smtp}
smtp_tls = "none"

[telegram]
api = "{telegram}"
"""


@dataclass
class Company:
    """The whole company, and what its customer has in their hands."""

    server: Omniline
    http: aiohttp.ClientSession
    telegram: TelegramSimulator
    mailbox: Dovecot
    letters: SmtpServer
    hooks: dict[str, dict[str, str]] = field(default_factory=dict)
    visitor: str = ""

    async def add(self, channel: str, key: str, token: str = "") -> None:
        path = self.server.home / "token.txt"
        path.write_text(token)
        given = ("--token-file", str(path)) if token else ()
        code, _, err = await self.server.run("channels", "add", channel, key, *given)
        assert code == 0, err

    async def read_hooks(self) -> None:
        code, out, err = await self.server.run("channels", "list", "--secrets", "--json")
        assert code == 0, err
        self.hooks = {row["channel"]: row for row in json.loads(out)["items"] if "hook" in row}

    async def shop_says(self, status: str, ago: timedelta = timedelta()) -> None:
        order = {
            "order": ORDER,
            "status": status,
            "at": iso(utc_now() - ago),
            "customer": {"phone": PHONE, "email": ACCOUNT},
            "total": 129900,
            "currency": "UAH",
            "items": [{"sku": "T-1", "name": "Чайник", "quantity": 1, "price": 129900}],
        }
        body = json.dumps(order).encode()
        signed = {SIGNATURE: signing.sign(body, self.hooks["shop"]["hook_secret"])}
        async with self.http.post(self.hooks["shop"]["hook"], data=body, headers=signed) as answer:
            assert answer.status == 200

    async def chat(self, path: str, body: dict[str, Any]) -> Any:
        headers = {"Origin": SITE, "Authorization": f"Bearer {self.visitor}"}
        async with self.http.post(
            f"{self.server.url}/chat/site/{path}", json=body, headers=headers
        ) as answer:
            text = await answer.text()
            assert answer.status in (200, 204), text
            return json.loads(text) if text else None

    async def open_chat(self) -> list[str]:
        """The site's page, on which its user is logged in; the lines that they see."""
        user = json.dumps({"id": "u-1", "email": ACCOUNT, "name": "Ірина"})
        secret = self.hooks["chat"]["hook_secret"].encode()
        signature = hmac.new(secret, user.encode(), hashlib.sha256).hexdigest()
        opened = await self.chat("open", {"token": self.visitor, "user": user, "signature": signature})
        self.visitor = opened["token"]
        return [line["text"] for line in opened["lines"]]

    async def writes_to_the_bot(self, text: str) -> None:
        await wait_for_next_second()
        now = int(utc_now().timestamp())
        body = telegram(
            "text",
            now,
            date=now,
            message_id=now,
            text=text,
            chat={"id": CHAT, "type": "private"},
            **{"from": {"id": CHAT, "first_name": "Ірина"}},
        )
        headers = {SECRET: self.hooks["telegram"]["hook_secret"]}
        async with self.http.post(self.hooks["telegram"]["hook"], data=body, headers=headers) as answer:
            assert answer.status == 200


@asynccontextmanager
async def running(home: Path) -> AsyncIterator[Company]:
    server = Omniline(home, OMNILINE_SIMULATORS__RUN="false")
    mailbox, letters = Dovecot(), SmtpServer(PASSWORD)
    simulator = TelegramSimulator(TOKEN)
    try:
        async with letters.running(), simulator.running(), aiohttp.ClientSession() as http:
            code, _, err = await server.run("sample")
            assert code == 0, err
            places = {"imap": mailbox.port, "smtp": letters.port, "telegram": simulator.url}
            text = SETTINGS.format(site=SITE, mailbox=MAILBOX, **places)
            settings = home / "omniline.toml"
            settings.write_text(settings.read_text() + text)
            company = Company(server, http, simulator, mailbox, letters)
            for channel, key, token in (
                ("shop", "main", ""),
                ("chat", "site", ""),
                ("telegram", "bot", TOKEN),
                ("email", MAILBOX, ""),
            ):
                await company.add(channel, key, token)
            load_or_make(home, inboxes={inbox_name("email", MAILBOX): PASSWORD})
            await company.read_hooks()
            await server.start()
            yield company
    finally:
        await server.stop()
        mailbox.remove()


async def wait_for_next_second() -> None:
    """Mail and Telegram tell whole seconds: what is written within the one of what was before it would stand before it."""
    began = int(utc_now().timestamp())

    async def is_next() -> bool:
        return int(utc_now().timestamp()) > began

    await eventually(is_next)


async def entries_of(desk: Desk, customer_id: str) -> list[dict[str, Any]]:
    """The timeline, oldest first."""
    newest: list[dict[str, Any]] = (await desk.get(f"customers/{customer_id}/timeline", limit=100))["items"]
    return newest[::-1]


async def answer(desk: Desk, conversation_id: str, text: str) -> None:
    body = {"text": text, "key": uuid.uuid4().hex}
    status, said = await desk.send("POST", f"conversations/{conversation_id}/messages", body)
    assert status == 201, said


async def wait_for_entry(desk: Desk, customer_id: str, **like: str) -> dict[str, Any]:
    async def found() -> dict[str, Any] | None:
        fitting = [
            entry
            for entry in await entries_of(desk, customer_id)
            if all(entry[name] == value for name, value in like.items())
        ]
        return fitting[-1] if fitting else None

    entry = await eventually(found, within=40, what=f"an entry like {like}")
    assert entry
    return entry


async def test_one_matter_over_five_channels(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with running(tmp_path_factory.mktemp("story") / "home") as company:
        server, secrets = company.server, company.server.secrets
        async with (
            Desk(server, "admin", secrets.admin_password) as admin,
            Desk(server, "101", secrets.phones["101"].desk_password) as agent,
        ):
            await agent.listen()
            _, bot = await try_the_bot(admin)
            assert bot["address"] == "@shop_bot"

            # A cart is left on the site.
            await company.shop_says("cart", timedelta(minutes=90))

            async def known() -> list[dict[str, Any]]:
                found: list[dict[str, Any]] = (await agent.get("customers", phone=PHONE))["items"]
                return found

            (customer,) = await eventually(known, what="the shop's customer")
            person: str = customer["id"]

            # The person asks in the site's chat; the agent answers.
            await company.open_chat()
            await company.chat("messages", {"key": "k1", "text": f"Чи є чайник із кошика {ORDER}?"})
            asked = await wait_for_entry(agent, person, channel="chat", direction="inbound")
            await answer(agent, asked["conversation_id"], f"Так, чайник із {ORDER} є. Оформити?")

            # They write a mail from another address, signed with their number: suggested, accepted, answered.
            words = f"Надішліть, будь ласка, рахунок.\n\n-- \nІрина\n{PHONE}\n"
            sender = f"Ірина <{PRIVATE}>"
            await wait_for_next_second()
            company.mailbox.append(MAILBOX, mail(From=sender, To=MAILBOX, Subject="Рахунок", body=words))

            async def suggested() -> list[dict[str, Any]]:
                found: list[dict[str, Any]] = (await agent.get("suggestions"))["items"]
                return found

            (suggestion,) = await eventually(suggested, within=20, what="the suggestion of the signature")
            assert suggestion["reason"] == "signature"
            assert person in {each["id"] for each in suggestion["customers"]}
            status, merged = await agent.send("POST", f"suggestions/{suggestion['id']}/accept")
            assert status == 200, merged
            mailed = await wait_for_entry(agent, person, channel="email", direction="inbound")
            await answer(agent, mailed["conversation_id"], "Рахунок надійде за хвилину.")

            # The cart counts as abandoned, since half an hour; it is looked for every half a minute.
            abandoned = await wait_for_status(agent, person, "abandoned")
            assert abandoned["channel"] == "shop"

            # They call: the pop has all of it.
            phone = await server.answering("101", ring_ms=1500)
            caller = await server.calling(PHONE, talk_ms=9000)
            (pop,) = await agent.wait_for_pops()
            card = pop["data"]["card"]
            assert card["customer"]["id"] == (await agent.get(f"customers/{person}"))["id"]
            assert [(each["order"], each["status"]) for each in card["orders"]] == [(ORDER, "abandoned")]
            assert {each["channel"] for each in card["conversations"]} == {"chat", "email"}
            (matter,) = card["matters"]
            assert {link["thing"] for link in matter["links"]} == {"order", "conversation"}
            shown = {entry["text"].split("\n")[0] for entry in card["recent"]}
            assert {f"Чи є чайник із кошика {ORDER}?", "Надішліть, будь ласка, рахунок."} <= shown

            # During the call the agent asks them over to Telegram, by the chat that is still open, and sends the payment link.
            call = await agent.newest_call(PHONE, state="open")

            async def answered() -> bool:
                return (await agent.get(f"calls/{call['id']}"))["answered_at"] is not None

            await eventually(answered, what="the call is answered")
            status, link = await agent.send("POST", f"calls/{call['id']}/continue", {"channel": "telegram"})
            assert status == 201, link
            await answer(agent, asked["conversation_id"], link["text"])

            async def in_the_chat() -> bool:
                return link["text"] in await company.open_chat()

            await eventually(in_the_chat, what="the link in the chat")
            (token,) = parse_qs(urlsplit(link["url"]).query)["start"]
            await company.writes_to_the_bot(f"/start {token}")
            started = await wait_for_entry(agent, person, channel="telegram", direction="inbound")
            await answer(agent, started["conversation_id"], "Оплатити: https://pay.example/K-7001")

            async def paid_link() -> bool:
                return "Оплатити: https://pay.example/K-7001" in [each.text for each in company.telegram.sent]

            await eventually(paid_link, within=20, what="the payment link in Telegram")
            assert (await agent.get(f"calls/{call['id']}"))["ended_at"] is None, "it was during the call"
            assert await caller.wait(30)
            assert await phone.wait(10)
            await agent.newest_call(PHONE, state="ended")

            # The order is paid.
            await company.shop_says("paid")
            await wait_for_status(agent, person, "paid")

            # One person, one matter, in order.
            whole = await agent.get(f"customers/{person}")
            known_by = {(each["kind"], each["address"]) for each in whole["identities"]}
            wanted = {("phone", PHONE), ("email", ACCOUNT), ("email", PRIVATE), ("telegram", str(CHAT))}
            assert wanted <= known_by
            assert (await agent.get("customers", email=PRIVATE))["items"][0]["id"] == whole["id"]
            (matter,) = whole["matters"]
            assert sorted(link["thing"] for link in matter["links"]) == [
                "call",
                "conversation",
                "conversation",
                "conversation",
                "order",
            ]
            told = [step_of(entry) for entry in await entries_of(agent, person) if step_of(entry)]
            assert told == [
                "shop cart",
                "shop abandoned",
                "chat in",
                "chat out",
                "email in",
                "email out",
                "phone call",
                "chat out",
                "telegram in",
                "telegram out",
                "telegram out",
                "shop paid",
            ]
            assert [envelope.rcpt_tos for envelope in company.letters.sent] == [[PRIVATE]]


async def try_the_bot(admin: Desk) -> tuple[int, dict[str, Any]]:
    inboxes = (await admin.get("channels"))["items"]
    bot = next(each for each in inboxes if each["channel"] == "telegram")
    return await admin.send("POST", f"channels/{bot['id']}/test", {})


async def wait_for_status(desk: Desk, customer_id: str, status: str) -> dict[str, Any]:
    """The entry of the order's status."""

    async def found() -> dict[str, Any] | None:
        entries = await entries_of(desk, customer_id)
        fitting = [entry for entry in entries if entry["payload"].get("status") == status]
        return fitting[-1] if fitting else None

    entry = await eventually(found, within=45, what=f"the order is {status}")
    assert entry
    return entry


def step_of(entry: dict[str, Any]) -> str:
    """A line of the story; "" for what comes when it is ready (the transcript)."""
    if entry["kind"] == "order":
        return f"shop {entry['payload']['status']}"
    if entry["kind"] == "call":
        return "phone call"
    if entry["kind"] != "message":
        return ""
    return f"{entry['channel']} {'in' if entry['direction'] == 'inbound' else 'out'}"

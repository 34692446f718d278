"""A desk server with channels: what is sent to its inlet is read, as in production."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import Connection, func, select

from bridge.bus.memory import MemoryBus
from bridge.bus.outbox import OutboxConsumer
from bridge.channels.registry import make_channels
from bridge.channels.signing import digest
from bridge.channels.simulators.telegram import TelegramSimulator
from bridge.channels.simulators.whatsapp import WhatsAppSimulator
from bridge.domain.entry import Entry
from bridge.domain.ports import Listens, Sends, Subject
from bridge.domain.topic import Group
from bridge.flows.deliver import Deliver
from bridge.flows.intake import InboxIntake
from bridge.flows.receive_arrival import ReceiveArrival
from bridge.settings import Mailbox, Settings, Telegram, WhatsApp
from bridge.store import inboxes, timeline
from bridge.store.schema import arrival, outbox, timeline_entry
from bridge.wiring.channels import listen, make_readers, make_senders
from bridge.wiring.reading import Reader
from tests.contract.channel_cases import Case
from tests.contract.desk_server import (
    HOOK_INBOXES,
    HOOK_SECRET,
    Client,
    DeskServer,
    eventually,
    logged_in,
    serving,
)
from tests.contract.test_outbox import consuming

NUMBER = "106540352242922"
TOKEN = "42:TEST_abcdefghijklmnopqrstuvwxyz-0123456"


@dataclass
class ChannelServer:
    """`desk` is an agent's client."""

    server: DeskServer
    desk: Client
    receiver: OutboxConsumer
    telegram: TelegramSimulator
    whatsapp: WhatsAppSimulator
    senders: Mapping[str, Sends]
    tokens: dict[str, str]

    async def send(self, case: Case, body: bytes, **headers: str) -> int:
        """The status that the provider gets; 200 of a channel that looks for itself, once it has kept what it found."""
        if not case.hooked:
            inbox = await self.server.db.write(inboxes.resolve_inbox, *case.inbox.split("/"))
            wake = partial(self.server.bus.tell, Subject.WORK)
            intake = InboxIntake(self.server.db, inbox, wake, self.server.clock)
            await intake.keep([(digest(body), body)], "")
            return 200
        return await self.post(case.inbox, body, {**case.headers(body), **headers})

    async def post(self, inbox: str, body: Any, headers: dict[str, str]) -> int:
        address = f"{self.server.url}/hooks/{inbox}"
        async with (
            aiohttp.ClientSession() as http,
            http.post(address, data=body, headers=headers, skip_auto_headers=["User-Agent"]) as answer,
        ):
            await answer.read()
            return answer.status

    async def read(self) -> list[Entry]:
        """All entries, in the order in which they were stored, once what arrived is read."""

        async def done() -> bool:
            return await self.server.db.read(_count_waiting) == 0

        await eventually(done, within=20)
        return await self.server.db.read(_list_entries)

    async def count_arrivals(self) -> int:
        return await self.server.db.read(lambda c: c.scalar(select(func.count()).select_from(arrival)) or 0)


def _count_waiting(connection: Connection) -> int:
    return connection.scalar(select(func.count()).where(outbox.c.consumer == Group.RECEIVER)) or 0


def _list_entries(connection: Connection) -> list[Entry]:
    ids = list(connection.scalars(select(timeline_entry.c.id).order_by(timeline_entry.c.id)))
    return [timeline.get_entry(connection, each) for each in ids]


@asynccontextmanager
async def channels_serving(
    url: str, home: Path, *, mailboxes: tuple[Mailbox, ...] = (), password: str = ""
) -> AsyncIterator[ChannelServer]:
    """`mailboxes` are listened to and sent from with `password`."""
    bus, telegram = MemoryBus(), TelegramSimulator(TOKEN, secret=HOOK_SECRET)
    whatsapp = WhatsAppSimulator(NUMBER, TOKEN, HOOK_SECRET)
    async with (
        telegram.running(),
        whatsapp.running(),
        serving(url, home, bus=bus) as server,
        logged_in(server, "101") as desk,
    ):
        telegram.hook = f"{server.url}/hooks/telegram/bot"
        whatsapp.hook = f"{server.url}/hooks/whatsapp/{NUMBER}"
        settings = Settings(
            telegram=Telegram(api=telegram.url), whatsapp=WhatsApp(api=whatsapp.url), mailboxes=mailboxes
        )
        senders, tokens = make_senders(settings), {"telegram/bot": TOKEN, f"whatsapp/{NUMBER}": TOKEN}
        tokens |= {f"email/{mailbox.address}": password for mailbox in mailboxes}
        for name in HOOK_INBOXES:
            await server.db.write(inboxes.resolve_inbox, *name.split("/"))
        wake = partial(bus.tell, Subject.FEED)
        reader = Reader(home / "attachments")
        receive = ReceiveArrival(server.db, make_readers(settings, reader), wake)
        deliver = Deliver(server.db, senders, tokens, home / "attachments", wake, server.clock)
        async with (
            consuming(server.db, receive, server.clock, bus, Group.RECEIVER) as receiver,
            consuming(server.db, deliver, server.clock, bus, Group.DELIVERER),
        ):
            listening = [
                asyncio.create_task(
                    listen(server.db, channel, key, password, partial(bus.tell, Subject.WORK))
                )
                for channel in make_channels(settings).values()
                if isinstance(channel, Listens)
                for key in channel.inboxes
            ]
            yield ChannelServer(server, desk, receiver, telegram, whatsapp, senders, tokens)
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)
        await reader.close()
        for sender in senders.values():
            await sender.close()

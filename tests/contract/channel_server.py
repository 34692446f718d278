"""A desk server with channels: what is sent to its inlet is read, as in production."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import ChainMap
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import Connection, func, select

from bridge.bus.memory import MemoryBus
from bridge.bus.outbox import OutboxConsumer
from bridge.channels.registry import make_channels
from bridge.channels.signing import digest
from bridge.channels.simulators.shop import ShopSimulator
from bridge.channels.simulators.telegram import TelegramSimulator
from bridge.channels.simulators.whatsapp import WhatsAppSimulator
from bridge.channels.whatsapp import WhatsAppChannel
from bridge.domain.entry import Entry
from bridge.domain.ports import FetchesFiles, Listens, Sends, Subject, TakesOrders
from bridge.domain.times import utc_now
from bridge.domain.topic import Group
from bridge.flows.deliver import Deliver
from bridge.flows.fetch_file import FetchFile
from bridge.flows.intake import InboxIntake
from bridge.flows.place_order import PlaceOrder
from bridge.flows.receive_arrival import ReceiveArrival
from bridge.flows.templates import Templates
from bridge.secrets import InboxBook, InboxSecrets
from bridge.settings import Mailbox, Settings, Shop, Telegram, WhatsApp
from bridge.store import inboxes, timeline
from bridge.store.schema import arrival, outbox, timeline_entry
from bridge.wiring.channels import listen, make_fetchers, make_readers, make_senders
from bridge.wiring.reading import WORKERS, Reader
from tests.contract.channel_cases import Case
from tests.contract.desk_server import (
    HOOK_INBOXES,
    HOOK_SECRET,
    LINK_KEY,
    SITE,
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
    shop: ShopSimulator
    senders: Mapping[str, Sends]
    fetchers: dict[str, FetchesFiles]
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

        await eventually(done)
        return await self.server.db.read(_list_entries)

    async def count_arrivals(self) -> int:
        return await self.server.db.read(lambda c: c.scalar(select(func.count()).select_from(arrival)) or 0)


def _count_waiting(connection: Connection) -> int:
    return connection.scalar(select(func.count()).where(outbox.c.consumer == Group.RECEIVER)) or 0


def _list_entries(connection: Connection) -> list[Entry]:
    ids = list(connection.scalars(select(timeline_entry.c.id).order_by(timeline_entry.c.id)))
    return [timeline.get_entry(connection, each) for each in ids]


@cache
def _pool() -> ProcessPoolExecutor:
    """One for all tests: to start it takes longer than most of them."""
    return ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn"))


def templates_of(whatsapp: WhatsAppSimulator) -> Templates:
    channel = WhatsAppChannel("UA", whatsapp.url, "recipient")
    secrets = {f"whatsapp/{NUMBER}": InboxSecrets(hook_secret=HOOK_SECRET, token=TOKEN)}
    return Templates({"whatsapp": channel}, secrets, utc_now)


@asynccontextmanager
async def channels_serving(
    url: str, home: Path, *, mailboxes: tuple[Mailbox, ...] = (), password: str = "", site: str = SITE
) -> AsyncIterator[ChannelServer]:
    """`mailboxes` are listened to and sent from with `password`; `site` is the origin of the site with the chat."""
    bus, telegram = MemoryBus(), TelegramSimulator(TOKEN, secret=HOOK_SECRET)
    whatsapp, shop = WhatsAppSimulator(NUMBER, TOKEN, HOOK_SECRET), ShopSimulator("main", HOOK_SECRET)
    async with (
        telegram.running(),
        whatsapp.running(),
        shop.running(),
        serving(
            url,
            home,
            bus=bus,
            telegram=Telegram(api=telegram.url),
            templates=templates_of(whatsapp),
            site=site,
        ) as server,
        logged_in(server, "101") as desk,
    ):
        telegram.hook = f"{server.url}/hooks/telegram/bot"
        whatsapp.hook = f"{server.url}/hooks/whatsapp/{NUMBER}"
        shop.hook = f"{server.url}/hooks/shop/main"
        settings = Settings(
            telegram=Telegram(api=telegram.url),
            whatsapp=WhatsApp(api=whatsapp.url),
            shop=Shop(callback=f"{shop.url}/{{inbox}}/orders"),
            mailboxes=mailboxes,
        )
        senders, tokens = make_senders(settings), {"telegram/bot": TOKEN, f"whatsapp/{NUMBER}": TOKEN}
        tokens |= {f"email/{mailbox.address}": password for mailbox in mailboxes}
        for name in HOOK_INBOXES:
            await server.db.write(inboxes.resolve_inbox, *name.split("/"))
        wake = partial(bus.tell, Subject.FEED)
        reader = Reader(home / "attachments")
        reader._pool = _pool()
        receive = ReceiveArrival(server.db, make_readers(settings, reader, LINK_KEY), wake)
        known: Any = InboxBook(home).tokens
        deliver = Deliver(
            server.db, senders, ChainMap(tokens, known), home / "attachments", wake, server.clock
        )
        fetchers = dict(make_fetchers(settings))
        fetch = FetchFile(server.db, fetchers, tokens, home / "attachments", wake, server.clock)
        channel = make_channels(settings)["shop"]
        assert isinstance(channel, TakesOrders)
        secrets = {"shop/main": InboxSecrets(hook_secret=HOOK_SECRET)}
        order = PlaceOrder(server.db, channel, secrets, wake, server.clock)
        async with (
            consuming(server.db, receive, server.clock, bus, Group.RECEIVER) as receiver,
            consuming(server.db, deliver, server.clock, bus, Group.DELIVERER),
            consuming(server.db, fetch, server.clock, bus, Group.FETCHER),
            consuming(server.db, order, server.clock, bus, Group.ORDERER),
        ):
            listening = [
                asyncio.create_task(listen(server.db, channel, key, tokens, partial(bus.tell, Subject.WORK)))
                for channel in make_channels(settings).values()
                if isinstance(channel, Listens)
                for key in channel.inboxes
            ]
            yield ChannelServer(server, desk, receiver, telegram, whatsapp, shop, senders, fetchers, tokens)
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)
        for sender in senders.values():
            await sender.close()

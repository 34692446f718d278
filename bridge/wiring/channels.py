"""The channels in writing: where they come in, and what is made of what came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from bridge.bus.held_lease import HeldLease, LeaseLost
from bridge.bus.outbox import OutboxConsumer
from bridge.bus.webhooks import WebhookTeller
from bridge.channels.code_mail import EMAIL, CodeMail
from bridge.channels.outgoing import Outgoing
from bridge.channels.registry import make_channels
from bridge.channels.webhook import Inlet
from bridge.domain.address import canonical_email
from bridge.domain.ports import CodeSender, FetchesFiles, Listens, Polls, Sends, TakesOrders, Windows
from bridge.domain.times import utc_now
from bridge.domain.topic import Group
from bridge.domain.webhook import parse_networks
from bridge.flows.abandon_carts import AbandonCarts
from bridge.flows.deliver import Deliver
from bridge.flows.fetch_file import FetchFile
from bridge.flows.follow_link import ways_of
from bridge.flows.intake import InboxIntake
from bridge.flows.place_order import PlaceOrder
from bridge.flows.poll_inbox import PollInbox
from bridge.flows.prune import Prune
from bridge.flows.receive_arrival import Receive, ReceiveArrival, Understand
from bridge.flows.receive_told import receive_told
from bridge.flows.templates import Templates
from bridge.secrets import inbox_name
from bridge.settings import Settings
from bridge.store import inboxes
from bridge.store.engine import Database
from bridge.wiring.ground import Ground
from bridge.wiring.reading import Reader

LOOK_SECONDS: Final = 5.0
"""How often it is looked whether a token has changed."""

log = structlog.get_logger()


def make_inlet(ground: Ground) -> Inlet:
    return Inlet(ground.db, make_channels(ground.settings), ground.inboxes, ground.committed, utc_now)


def make_templates(ground: Ground) -> Templates:
    channels = make_channels(ground.settings)
    limited = {name: channel for name, channel in channels.items() if isinstance(channel, Windows)}
    return Templates(limited, ground.inboxes, utc_now)


def make_readers(
    settings: Settings, reader: Reader, link_key: str
) -> Mapping[str, tuple[Understand, Receive]]:
    """By channel: what an arrival says, and what is made of that."""
    reopen = timedelta(hours=settings.conversations.reopen_hours)
    receive = partial(receive_told, reopen=reopen, ways=ways_of(settings, link_key))
    channels = make_channels(settings)
    return {name: (reader.understanding(channel), receive) for name, channel in channels.items()}


def make_senders(settings: Settings) -> Mapping[str, Sends]:
    """The channels in which we can answer."""
    return {name: channel for name, channel in make_channels(settings).items() if isinstance(channel, Sends)}


def make_fetchers(settings: Settings) -> Mapping[str, FetchesFiles]:
    """The channels whose files have to be fetched."""
    channels = make_channels(settings)
    return {name: channel for name, channel in channels.items() if isinstance(channel, FetchesFiles)}


def make_codes(ground: Ground) -> CodeSender | None:
    """By the first mailbox that can send; None where there is none."""
    sender = make_senders(ground.settings).get(EMAIL)
    mailbox = next((each for each in ground.settings.mailboxes if each.smtp_host), None)
    if sender is None or mailbox is None:
        return None
    ground.stack.push_async_callback(sender.close)
    key = canonical_email(mailbox.address)
    known = ground.secrets.inboxes.get(inbox_name(EMAIL, key))
    return CodeMail(sender, known.token if known else "", key, ground.settings.company.name)


def start_channels(ground: Ground) -> None:
    """Read what arrives, send what is written, look after carts, prune."""
    reader = Reader(ground.attachments)
    ground.stack.push_async_callback(reader.close)
    readers = make_readers(ground.settings, reader, ground.secrets.link_key)
    flow = ReceiveArrival(ground.db, readers, ground.committed)
    consumer = OutboxConsumer(ground.db, ground.bus, Group.RECEIVER, flow, utc_now)
    show = ground.metrics.watch
    show("arrivals_waiting", "Arrivals that are not read yet", lambda: consumer.waiting)
    show("arrivals_waiting_seconds", "The age of the oldest of them", lambda: consumer.waiting_seconds)
    ground.run(consumer.run(), "receiver")
    _start_deliverer(ground)
    _start_fetcher(ground)
    _start_pollers(ground)
    _start_orderers(ground)
    _start_listeners(ground)
    after = timedelta(minutes=ground.settings.shop.abandoned_minutes)
    _start_webhooks(ground)
    ground.run(AbandonCarts(ground.db, after, ground.committed, utc_now).run(), "carts")
    prune = Prune(ground.db, ground.attachments, ground.settings.retention, utc_now)
    ground.run(prune.run(), "pruning")


def _start_deliverer(ground: Ground) -> None:
    senders = make_senders(ground.settings)
    for sender in senders.values():
        ground.stack.push_async_callback(sender.close)
    flow = Deliver(ground.db, senders, ground.inboxes.tokens, ground.attachments, ground.committed, utc_now)
    consumer = OutboxConsumer(ground.db, ground.bus, Group.DELIVERER, flow, utc_now)
    show = ground.metrics.watch
    show("deliveries_waiting", "Conversations with something still to be sent", lambda: consumer.waiting)
    show("deliveries_waiting_seconds", "The age of the oldest of them", lambda: consumer.waiting_seconds)
    ground.run(consumer.run(), "deliverer")


def make_outgoing(settings: Settings) -> Outgoing:
    """Raises InvalidInput."""
    return Outgoing(parse_networks(settings.webhooks.networks))


def _start_webhooks(ground: Ground) -> None:
    post, key = make_outgoing(ground.settings), ground.secrets.webhook_key
    teller = WebhookTeller(ground.db, ground.bus, post, key, ground.committed, utc_now)
    ground.run(teller.run(), "webhooks")


def _start_fetcher(ground: Ground) -> None:
    fetchers = make_fetchers(ground.settings)
    flow = FetchFile(
        ground.db, fetchers, ground.inboxes.tokens, ground.attachments, ground.committed, utc_now
    )
    consumer = OutboxConsumer(ground.db, ground.bus, Group.FETCHER, flow, utc_now)
    ground.metrics.watch(
        "files_waiting", "Files that are still with their providers", lambda: consumer.waiting
    )
    ground.run(consumer.run(), "fetcher")


def _start_orderers(ground: Ground) -> None:
    for channel in make_channels(ground.settings).values():
        if isinstance(channel, TakesOrders):
            _start_orderer(ground, channel)


def _start_orderer(ground: Ground, shop: TakesOrders) -> None:
    flow = PlaceOrder(ground.db, shop, ground.inboxes, ground.committed, utc_now)
    consumer = OutboxConsumer(ground.db, ground.bus, Group.ORDERER, flow, utc_now)
    show = ground.metrics.watch
    show("orders_waiting", "Orders that shops have not answered", lambda: consumer.waiting)
    ground.run(consumer.run(), "orderer")


def _start_pollers(ground: Ground) -> None:
    """One for each inbox of ours whose channel is to be asked, and of several processes one."""
    if not ground.settings.telegram.poll:
        return
    for name, channel in make_channels(ground.settings).items():
        if isinstance(channel, Polls):
            for inbox, secret in ground.secrets.inboxes.items():
                if inbox.startswith(f"{name}/") and secret.token:
                    ground.run(_poll(ground, channel, inbox, secret.token), f"poll-{inbox}")


async def _poll(ground: Ground, channel: Polls, name: str, token: str) -> None:
    inbox = await ground.db.write(inboxes.resolve_inbox, *name.split("/", 1))
    poller = PollInbox(channel, token, InboxIntake(ground.db, inbox, ground.committed, utc_now))
    lease = HeldLease(ground.db, f"poll:{inbox.id}", utc_now)
    ground.stack.push_async_callback(lease.release)
    while True:
        await lease.wait()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(lease.keep())
                group.create_task(poller.run())
        except* LeaseLost as lost:
            log.warning("poller_replaced", reason=str(lost.exceptions[0]))


def _start_listeners(ground: Ground) -> None:
    """Look for what no provider brings. Of several processes one does."""
    channels = [each for each in make_channels(ground.settings).values() if isinstance(each, Listens)]
    if any(channel.inboxes for channel in channels):
        ground.run(_listen_when_leased(ground, channels), "listeners")


async def _listen_when_leased(ground: Ground, channels: Sequence[Listens]) -> None:
    lease = HeldLease(ground.db, "listeners", utc_now)
    await lease.wait()
    ground.stack.push_async_callback(lease.release)
    for channel in channels:
        for key in channel.inboxes:
            tokens = ground.inboxes.tokens
            ground.run(listen(ground.db, channel, key, tokens, ground.committed), f"listener {key}")
    await lease.keep()


async def listen(
    db: Database, channel: Listens, key: str, tokens: Mapping[str, str], committed: Callable[[], None]
) -> None:
    """To one inbox, which is made where it is missing; anew when its token is another. `committed` as in `InboxIntake`."""
    inbox = await db.write(inboxes.resolve_inbox, channel.name, key, key)
    name, intake = inbox_name(channel.name, key), InboxIntake(db, inbox, committed, utc_now)
    while True:
        token = tokens.get(name, "")
        listening = asyncio.create_task(channel.listen(key, token, intake))
        try:
            while tokens.get(name, "") == token:
                if (await asyncio.wait([listening], timeout=LOOK_SECONDS))[0]:
                    return listening.result()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

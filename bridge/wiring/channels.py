"""The channels in writing: where they come in, and what is made of what came."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bridge.bus.outbox import OutboxConsumer
from bridge.bus.webhooks import WebhookTeller
from bridge.channels.outgoing import Outgoing
from bridge.channels.registry import make_channels
from bridge.channels.webhook import Inlet
from bridge.domain.ports import Channel, FetchesFiles, Sends
from bridge.domain.times import utc_now
from bridge.domain.topic import Group
from bridge.domain.webhook import parse_networks
from bridge.flows.abandon_carts import AbandonCarts
from bridge.flows.deliver import Deliver
from bridge.flows.fetch_file import FetchFile
from bridge.flows.follow_link import ways_of
from bridge.flows.keep_files import keep_files
from bridge.flows.receive_arrival import Receive, ReceiveArrival, Understand
from bridge.flows.receive_told import receive_told
from bridge.settings import Settings
from bridge.store.arrivals import Arrival
from bridge.wiring.ground import Ground


def make_inlet(ground: Ground) -> Inlet:
    return Inlet(ground.db, make_channels(ground.settings), ground.inboxes, ground.committed, utc_now)


def make_readers(
    settings: Settings, attachments: Path, link_key: str
) -> Mapping[str, tuple[Understand, Receive]]:
    """By channel: what an arrival says, and what is made of that. `attachments` is their folder."""
    reopen = timedelta(hours=settings.conversations.reopen_hours)
    receive = partial(receive_told, reopen=reopen, ways=ways_of(settings, link_key))
    channels = make_channels(settings)
    return {name: (_understanding(channel, attachments), receive) for name, channel in channels.items()}


def make_senders(settings: Settings) -> Mapping[str, Sends]:
    """The channels in which we can answer."""
    return {name: channel for name, channel in make_channels(settings).items() if isinstance(channel, Sends)}


def make_fetchers(settings: Settings) -> Mapping[str, FetchesFiles]:
    """The channels whose files have to be fetched."""
    channels = make_channels(settings)
    return {name: channel for name, channel in channels.items() if isinstance(channel, FetchesFiles)}


def start_channels(ground: Ground) -> None:
    """Read what arrives, send what is written, look after carts."""
    readers = make_readers(ground.settings, ground.attachments, ground.secrets.link_key)
    flow = ReceiveArrival(ground.db, readers, ground.committed)
    consumer = OutboxConsumer(ground.db, ground.bus, Group.RECEIVER, flow, utc_now)
    show = ground.metrics.watch
    show("arrivals_waiting", "Arrivals that are not read yet", lambda: consumer.waiting)
    show("arrivals_waiting_seconds", "The age of the oldest of them", lambda: consumer.waiting_seconds)
    ground.run(consumer.run(), "receiver")
    _start_deliverer(ground)
    _start_fetcher(ground)
    after = timedelta(minutes=ground.settings.shop.abandoned_minutes)
    _start_webhooks(ground)
    ground.run(AbandonCarts(ground.db, after, ground.committed, utc_now).run(), "carts")


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


def _understanding(channel: Channel, attachments: Path) -> Understand:
    async def understand(arrival: Arrival) -> Any:
        told = channel.read(arrival.body, arrival.inbox_key, arrival.arrived_at)
        return await asyncio.to_thread(keep_files, attachments, told)

    return understand

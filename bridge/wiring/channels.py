"""The channels in writing: where they come in, and what is made of what came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from bridge.bus.outbox import OutboxConsumer
from bridge.channels.registry import make_channels
from bridge.channels.webhook import Inlet
from bridge.domain.ports import Begins, Channel, Sends
from bridge.domain.times import utc_now
from bridge.domain.topic import Group
from bridge.flows.abandon_carts import AbandonCarts
from bridge.flows.deliver import Deliver
from bridge.flows.receive_arrival import Receive, ReceiveArrival, Understand
from bridge.flows.receive_told import receive_told
from bridge.settings import Settings
from bridge.store.arrivals import Arrival
from bridge.wiring.ground import Ground


def make_inlet(ground: Ground) -> Inlet:
    return Inlet(ground.db, make_channels(ground.settings), ground.secrets.inboxes, ground.committed, utc_now)


def make_readers(settings: Settings) -> Mapping[str, tuple[Understand, Receive]]:
    """By channel: what an arrival says, and what is made of that."""
    receive = partial(receive_told, reopen=timedelta(hours=settings.conversations.reopen_hours))
    return {name: (_understanding(channel), receive) for name, channel in make_channels(settings).items()}


def make_senders(settings: Settings) -> Mapping[str, Sends]:
    """The channels in which we can answer."""
    return {name: channel for name, channel in make_channels(settings).items() if isinstance(channel, Sends)}


def make_beginners(settings: Settings) -> Mapping[str, Begins]:
    """The channels in which we may write first."""
    return {name: channel for name, channel in make_channels(settings).items() if isinstance(channel, Begins)}


def start_channels(ground: Ground) -> None:
    """Read what arrives, send what is written, look after carts."""
    flow = ReceiveArrival(ground.db, make_readers(ground.settings), ground.committed)
    consumer = OutboxConsumer(ground.db, ground.bus, Group.RECEIVER, flow, utc_now)
    show = ground.metrics.watch
    show("arrivals_waiting", "Arrivals that are not read yet", lambda: consumer.waiting)
    show("arrivals_waiting_seconds", "The age of the oldest of them", lambda: consumer.waiting_seconds)
    ground.run(consumer.run(), "receiver")
    _start_deliverer(ground)
    after = timedelta(minutes=ground.settings.shop.abandoned_minutes)
    ground.run(AbandonCarts(ground.db, after, ground.committed, utc_now).run(), "carts")


def _start_deliverer(ground: Ground) -> None:
    senders = make_senders(ground.settings)
    for sender in senders.values():
        ground.stack.push_async_callback(sender.close)
    tokens = {name: inbox.token for name, inbox in ground.secrets.inboxes.items()}
    flow = Deliver(ground.db, senders, tokens, ground.committed, utc_now)
    consumer = OutboxConsumer(ground.db, ground.bus, Group.DELIVERER, flow, utc_now)
    show = ground.metrics.watch
    show("deliveries_waiting", "Conversations with something still to be sent", lambda: consumer.waiting)
    show("deliveries_waiting_seconds", "The age of the oldest of them", lambda: consumer.waiting_seconds)
    ground.run(consumer.run(), "deliverer")


def _understanding(channel: Channel) -> Understand:
    def understand(arrival: Arrival) -> Any:
        return channel.read(arrival.body, arrival.inbox_key, arrival.arrived_at)

    return understand

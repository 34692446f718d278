"""The channels in writing: where they come in, and what is made of what came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from bridge.bus.held_lease import HeldLease
from bridge.bus.outbox import OutboxConsumer
from bridge.channels.registry import make_channels
from bridge.channels.webhook import Inlet
from bridge.domain.ports import Begins, FetchesFiles, Listens, Sends
from bridge.domain.times import utc_now
from bridge.domain.topic import Group
from bridge.flows.abandon_carts import AbandonCarts
from bridge.flows.deliver import Deliver
from bridge.flows.fetch_file import FetchFile
from bridge.flows.intake import InboxIntake
from bridge.flows.receive_arrival import Receive, ReceiveArrival, Understand
from bridge.flows.receive_told import receive_told
from bridge.secrets import inbox_name
from bridge.settings import Settings
from bridge.store import inboxes
from bridge.store.engine import Database
from bridge.wiring.ground import Ground
from bridge.wiring.reading import Reader


def make_inlet(ground: Ground) -> Inlet:
    return Inlet(ground.db, make_channels(ground.settings), ground.secrets.inboxes, ground.committed, utc_now)


def make_readers(settings: Settings, reader: Reader) -> Mapping[str, tuple[Understand, Receive]]:
    """By channel: what an arrival says, and what is made of that."""
    receive = partial(receive_told, reopen=timedelta(hours=settings.conversations.reopen_hours))
    channels = make_channels(settings)
    return {name: (reader.understanding(channel), receive) for name, channel in channels.items()}


def make_senders(settings: Settings) -> Mapping[str, Sends]:
    """The channels in which we can answer."""
    return {name: channel for name, channel in make_channels(settings).items() if isinstance(channel, Sends)}


def make_fetchers(settings: Settings) -> Mapping[str, FetchesFiles]:
    """The channels whose files have to be fetched."""
    channels = make_channels(settings)
    return {name: channel for name, channel in channels.items() if isinstance(channel, FetchesFiles)}


def make_beginners(settings: Settings) -> Mapping[str, Begins]:
    """The channels in which we may write first."""
    return {name: channel for name, channel in make_channels(settings).items() if isinstance(channel, Begins)}


def start_channels(ground: Ground) -> None:
    """Read what arrives, send what is written, look after carts."""
    reader = Reader(ground.attachments)
    ground.stack.push_async_callback(reader.close)
    readers = make_readers(ground.settings, reader)
    flow = ReceiveArrival(ground.db, readers, ground.committed)
    consumer = OutboxConsumer(ground.db, ground.bus, Group.RECEIVER, flow, utc_now)
    show = ground.metrics.watch
    show("arrivals_waiting", "Arrivals that are not read yet", lambda: consumer.waiting)
    show("arrivals_waiting_seconds", "The age of the oldest of them", lambda: consumer.waiting_seconds)
    ground.run(consumer.run(), "receiver")
    _start_deliverer(ground)
    _start_fetcher(ground)
    _start_listeners(ground)
    after = timedelta(minutes=ground.settings.shop.abandoned_minutes)
    ground.run(AbandonCarts(ground.db, after, ground.committed, utc_now).run(), "carts")


def _start_deliverer(ground: Ground) -> None:
    senders = make_senders(ground.settings)
    for sender in senders.values():
        ground.stack.push_async_callback(sender.close)
    tokens = {name: inbox.token for name, inbox in ground.secrets.inboxes.items()}
    flow = Deliver(ground.db, senders, tokens, ground.attachments, ground.committed, utc_now)
    consumer = OutboxConsumer(ground.db, ground.bus, Group.DELIVERER, flow, utc_now)
    show = ground.metrics.watch
    show("deliveries_waiting", "Conversations with something still to be sent", lambda: consumer.waiting)
    show("deliveries_waiting_seconds", "The age of the oldest of them", lambda: consumer.waiting_seconds)
    ground.run(consumer.run(), "deliverer")


def _start_fetcher(ground: Ground) -> None:
    fetchers = make_fetchers(ground.settings)
    tokens = {name: inbox.token for name, inbox in ground.secrets.inboxes.items()}
    flow = FetchFile(ground.db, fetchers, tokens, ground.attachments, ground.committed, utc_now)
    consumer = OutboxConsumer(ground.db, ground.bus, Group.FETCHER, flow, utc_now)
    ground.metrics.watch(
        "files_waiting", "Files that are still with their providers", lambda: consumer.waiting
    )
    ground.run(consumer.run(), "fetcher")


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
            known = ground.secrets.inboxes.get(inbox_name(channel.name, key))
            token = known.token if known else ""
            ground.run(listen(ground.db, channel, key, token, ground.committed), f"listener {key}")
    await lease.keep()


async def listen(db: Database, channel: Listens, key: str, token: str, committed: Callable[[], None]) -> None:
    """To one inbox, which is made where it is missing. `committed` as in `InboxIntake`."""
    inbox = await db.write(inboxes.resolve_inbox, channel.name, key, key)
    await channel.listen(key, token, InboxIntake(db, inbox, committed, utc_now))

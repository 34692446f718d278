"""How a customer can be written to first: from which inboxes, to which address of theirs, and why not from the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.domain.conversation import ClosedWay, OpenWay, WayClosed
from bridge.domain.customer import Customer, Strength
from bridge.domain.ports import Begins, Channel, Continues, First
from bridge.store import inboxes, open_conversations, visitors
from bridge.store.inboxes import ACTIVE, Inbox
from bridge.store.open_conversations import Conversation

_WHY = {
    First.ANYBODY: WayClosed.NO_ADDRESS,
    First.WHO_HAS_WRITTEN: WayClosed.NOT_WRITTEN,
    First.WHO_HAS_SIGNED_IN: WayClosed.NOT_SIGNED_IN,
}
_ORDER = list(Strength)


@dataclass(frozen=True, slots=True)
class Media:
    """The channels by name, and how long their windows are (`bridge.flows.may_write`)."""

    channels: Mapping[str, Channel]
    windows: Mapping[str, timedelta]

    def beginning(self) -> Iterator[tuple[str, Begins]]:
        """Those in which we may write first."""
        for name, channel in self.channels.items():
            if isinstance(channel, Begins):
                yield name, channel


@dataclass(frozen=True, slots=True)
class Reached:
    """`thread` is the talk that is begun or goes on, `strength` that of the address."""

    way: OpenWay
    thread: str
    strength: Strength


def list_ways(connection: Connection, customer: Customer, media: Media, at: datetime) -> list[Reached]:
    """Every address of the customer with every inbox that can write to it first; the best proven addresses come first."""
    found = [
        reached
        for name, channel in media.beginning()
        for inbox in _working(connection, name)
        for reached in _reach(connection, customer, channel, inbox, media, at)
    ]
    return sorted(found, key=lambda each: _ORDER.index(each.strength), reverse=True)


def list_closed(connection: Connection, open_ways: Sequence[OpenWay], media: Media) -> list[ClosedWay]:
    """The channels in which others than this customer, who has the `open_ways`, could be written to first."""
    reached = {way.channel for way in open_ways}
    return [
        ClosedWay(
            channel=name,
            reason=_WHY[channel.first],
            continues=isinstance(channel, Continues) and any(inbox.address for inbox in working),
        )
        for name, channel in media.beginning()
        if name not in reached and (working := _working(connection, name))
    ]


def _working(connection: Connection, channel: str) -> list[Inbox]:
    return [each for each in inboxes.list_inboxes(connection, channel) if each.state == ACTIVE]


def _reach(
    connection: Connection, customer: Customer, channel: Begins, inbox: Inbox, media: Media, at: datetime
) -> list[Reached]:
    """By the talk: several addresses may lead to one."""
    found: dict[str, Reached] = {}
    for identity in customer.identities:
        if identity.kind != inbox.channel or identity.scope not in ("", inbox.key):
            continue
        thread = channel.thread_with(identity.address)
        if thread is not None and channel.first is First.WHO_HAS_SIGNED_IN:
            visitor = visitors.get_visitor(connection, inbox.id, thread)
            thread = visitor.thread if visitor.account else None
        if thread is None or thread in found:
            continue
        talk = Conversation("", inbox.channel, inbox.id, thread, None)
        heard_at = open_conversations.find_last_heard(connection, talk)
        if heard_at is None and channel.first is First.WHO_HAS_WRITTEN:
            continue
        window = media.windows.get(inbox.channel)
        way = OpenWay(
            channel=inbox.channel,
            inbox=inbox.key,
            address=identity.address,
            inbox_id=inbox.id,
            templated=window is not None and (heard_at is None or at >= heard_at + window),
        )
        found[thread] = Reached(way, thread, identity.strength)
    return list(found.values())

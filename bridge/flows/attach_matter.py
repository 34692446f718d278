"""Which matter a call or a conversation is about: the one of an order that is named, the only open one, else a new one.

Never by likeness of text. What a person has put somewhere stays there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from bridge.domain.live import EVERYONE
from bridge.domain.matter import MatterState, Rule, Thing, numbers_named
from bridge.store import feed, matters, orders
from bridge.store.filing import SYSTEM
from bridge.store.leaves import list_leaves

RECENT: Final = timedelta(days=14)
LONGEST_TITLE: Final = 80


def attach(
    connection: Connection, thing: Thing, thing_id: str, customer_id: str, *, opens_new: bool, at: datetime
) -> None:
    """Put a call or a conversation of this customer into the matter that it is about, unless it is in one.

    `opens_new`: an agent has taken it up, so that it is about something, be it new.
    """
    if matters.find_link(connection, thing, thing_id) is not None:
        return
    leaves = list_leaves(connection, customer_id)
    found, rule = matters.find_only_open(connection, leaves, at - RECENT), Rule.ONLY_ONE
    if found is None:
        if not opens_new:
            return
        found, rule = matters.make(connection, customer_id, title="", by=SYSTEM, at=at), Rule.NEW
    matters.link(connection, found, thing, thing_id, rule=rule, by=SYSTEM, at=at)
    tell(connection, customer_id, at)


def read_words(connection: Connection, thing: Thing, thing_id: str, text: str, at: datetime) -> None:
    """What was written of it: an order that is named belongs to its matter, or else it to the order's.

    A matter that nobody has named yet takes the first line as its title.
    """
    link = matters.find_link(connection, thing, thing_id)
    if link is None:
        return
    customer_id = matters.get_matter(connection, link.matter_id).customer_id
    named = _orders_named(connection, list_leaves(connection, customer_id), text)
    held = [found for each in named if (found := matters.find_link(connection, Thing.ORDER, each))]
    target = link.matter_id
    if held and Rule.ORDER_NUMBER.outranks(Rule(link.rule)):
        target = held[0].matter_id
        _move(connection, link, target, thing, thing_id, Rule.ORDER_NUMBER, at)
    for order_id in set(named) - {found.thing_id for found in held}:
        matters.link(connection, target, Thing.ORDER, order_id, rule=Rule.ORDER_NUMBER, by=SYSTEM, at=at)
    if not matters.get_matter(connection, target).title:
        matters.change(connection, target, title=_first_line(text), at=at)
    matters.touch(connection, target, at)
    tell(connection, customer_id, at)


def name_matter(connection: Connection, matter_id: str, thing: Thing, thing_id: str, at: datetime) -> None:
    """A call or a conversation says itself which matter it is about, by the link that led to it."""
    link = matters.find_link(connection, thing, thing_id)
    if link is not None and not Rule.NAMED.outranks(Rule(link.rule)):
        return
    _move(connection, link, matter_id, thing, thing_id, Rule.NAMED, at)
    matters.touch(connection, matter_id, at)
    tell(connection, matters.get_matter(connection, matter_id).customer_id, at)


def follow_filing(
    connection: Connection,
    thing: Thing,
    thing_id: str,
    customer_id: str | None,
    *,
    opens_new: bool,
    at: datetime,
) -> None:
    """The thing is filed under `customer_id` now: a matter that holds nothing else goes along, any other lets it go."""
    link = matters.find_link(connection, thing, thing_id)
    if link is not None:
        matter = matters.get_matter(connection, link.matter_id)
        leaves = list_leaves(connection, matter.customer_id)
        if customer_id in leaves:
            return
        if customer_id is not None and len(matter.links) == 1:
            matters.change(connection, matter.id, customer_id=customer_id, at=at)
            tell(connection, matter.customer_id, at)
            tell(connection, customer_id, at)
            return
        matters.unlink(connection, link.id, at)
        tell(connection, matter.customer_id, at)
    if customer_id is not None:
        attach(connection, thing, thing_id, customer_id, opens_new=opens_new, at=at)


def tell(connection: Connection, customer_id: str, at: datetime) -> None:
    """The desks that show this customer's matters or promises fetch them anew."""
    leaves = list_leaves(connection, customer_id)
    feed.append(connection, "notice", EVERYONE, {"code": "matters", "customer_ids": leaves}, at)


def _move(
    connection: Connection, link: Any, matter_id: str, thing: Thing, thing_id: str, rule: Rule, at: datetime
) -> None:
    """Into this matter; the one that it leaves, and that holds nothing else, has nothing left to do."""
    matters.link(connection, matter_id, thing, thing_id, rule=rule, by=SYSTEM, at=at)
    if (
        link is not None
        and link.matter_id != matter_id
        and not matters.count_links(connection, link.matter_id)
    ):
        matters.change(connection, link.matter_id, state=MatterState.SETTLED, at=at)


def _orders_named(connection: Connection, leaves: Sequence[str], text: str) -> list[str]:
    ids = {order.order: order.id for order in orders.list_orders(connection, leaves, limit=200)}
    return [ids[number] for number in numbers_named(text, ids)]


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1].rstrip()}…"

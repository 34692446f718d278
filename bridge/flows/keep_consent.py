"""Somebody says that we may write to them or may not, in a message or to an agent: it holds from that moment."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.consent import Consent, Purpose, said_in
from bridge.domain.live import EVERYONE
from bridge.errors import NotFound
from bridge.store import consents, feed
from bridge.store.filing import SYSTEM
from bridge.store.leaves import list_leaves
from bridge.store.timeline import Appended

REFUSED: Final = "they have asked not to be written to here"


def hear(
    connection: Connection, entry: Appended, channel: str, text: str, *, said_at: datetime, heard_at: datetime
) -> None:
    """What a customer's message says of it, if that is all that it says.

    A no is one to everything on this channel; a yes takes it back for answers only: advertising needs a yes of its own.
    Both are as old as the message, in whatever order they come; but a no that we hear takes back what we have recorded
    ourselves, whoever's clock is ahead.
    """
    said, customer_id = said_in(text), entry.customer_id
    if said is None or customer_id is None:
        return
    leaves = list_leaves(connection, customer_id)
    for purpose in (Purpose.SERVICE,) if said else tuple(Purpose):
        newest = consents.find_newest(connection, leaves, channel, purpose)
        if newest is None and said:
            continue
        recorded = newest is not None and newest.entry_id is None
        consents.add(
            connection,
            customer_id,
            channel=channel,
            purpose=purpose,
            granted=said,
            words=text,
            by=SYSTEM,
            at=heard_at if recorded and not said else said_at,
            entry_id=entry.id,
        )
    _tell(connection, customer_id, heard_at)


def record(
    connection: Connection,
    customer_id: str,
    agent: Agent,
    *,
    channel: str,
    purpose: Purpose,
    granted: bool,
    words: str,
    at: datetime,
) -> Consent:
    """What a customer has told an agent, in `words`. Raises NotFound."""
    if not list_leaves(connection, customer_id):
        raise NotFound("no such customer")
    kept = consents.add(
        connection,
        customer_id,
        channel=channel,
        purpose=purpose,
        granted=granted,
        words=words,
        by=agent.id,
        at=at,
    )
    _tell(connection, customer_id, at)
    return kept


def may_write(connection: Connection, customer_id: str | None, channel: str, purpose: Purpose) -> bool:
    """Whether they let us. Of nobody known nothing is known against it."""
    leaves = [] if customer_id is None else list_leaves(connection, customer_id)
    newest = consents.find_newest(connection, leaves, channel, purpose)
    return purpose is Purpose.SERVICE if newest is None else newest.granted


def _tell(connection: Connection, customer_id: str, at: datetime) -> None:
    ids = list_leaves(connection, customer_id)
    feed.append(connection, "notice", EVERYONE, {"code": "consent", "customer_ids": ids}, at)

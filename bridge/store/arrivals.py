"""What arrived from outside, word for word: kept before it is answered for, and understood from here.

`keep` runs in the writer's group commit, so that many webhooks share one fsync; whoever awaits it may answer 200.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from bridge.domain.ids import new_id
from bridge.domain.topic import Topic
from bridge.store import outbox
from bridge.store.prepared import Prepared, PreparedWrite, values_of_columns
from bridge.store.schema import arrival, inbox
from bridge.store.types import Id


@dataclass(frozen=True, slots=True)
class Arrival:
    """`source_key` is what the provider repeats when it sends the same again; `body` the raw body, empty once it is pruned.

    `inbox_key` is the inbox's, as in /hooks/{channel}/{inbox}.
    """

    id: str
    inbox_id: str
    inbox_key: str
    channel: str
    source_key: str
    body: bytes
    arrived_at: datetime


_KNOWN = Prepared(
    select(arrival.c.id).where(
        arrival.c.inbox_id == bindparam("of_inbox", type_=Id), arrival.c.source_key == bindparam("of_key")
    )
)
_KEEP = PreparedWrite(
    insert(arrival).values(values_of_columns(arrival, "id", "inbox_id", "source_key", "body", "arrived_at"))
)
_arrival = (
    select(arrival, inbox.c.channel, inbox.c.key.label("inbox_key"))
    .join(inbox, inbox.c.id == arrival.c.inbox_id)
    .where(arrival.c.id == bindparam("of_id"))
)


def keep(connection: Connection, inbox_id: str, source_key: str, body: bytes, at: datetime) -> bool:
    """Keep what arrived, and the work that follows from it. False when it had arrived before: then there is nothing to do.

    The consumers have to be woken after the commit.
    """
    if _KNOWN.rows(connection, of_inbox=inbox_id, of_key=source_key):
        return False
    arrival_id = new_id()
    _KEEP.run(connection, id=arrival_id, inbox_id=inbox_id, source_key=source_key, body=body, arrived_at=at)
    outbox.put(connection, Topic.RECEIVE, arrival_id, at)
    return True


def get_arrival(connection: Connection, arrival_id: str) -> Arrival:
    """Raises NoResultFound: an arrival stays as long as its inbox."""
    row = connection.execute(_arrival, {"of_id": arrival_id}).one()
    return Arrival(row.id, row.inbox_id, row.inbox_key, row.channel, row.source_key, row.body, row.arrived_at)

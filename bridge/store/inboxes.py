"""Inboxes: the configured accounts of each channel, such as support@… or the shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, bindparam, cast, insert, select, update

from bridge.domain.ids import new_id
from bridge.domain.topic import Topic
from bridge.errors import NotFound
from bridge.store import schema
from bridge.store.prepared import Prepared
from bridge.store.types import Id, UtcTime

ACTIVE = "active"
PAUSED = "paused"

_inbox = schema.inbox


@dataclass(frozen=True, slots=True)
class Inbox:
    """`key` is what stands in /hooks/{channel}/{key}; `address` what customers write to, canonical.

    One that is paused sends nothing, and no link leads to it; what arrives is kept and read as ever.
    """

    id: str
    channel: str
    key: str
    address: str
    state: str
    last_error: str | None


_ALL = select(_inbox).order_by(_inbox.c.channel, _inbox.c.key)
_BY_ID = select(_inbox).where(_inbox.c.id == bindparam("inbox_id", type_=Id))
_BY_KEY = select(_inbox).where(_inbox.c.channel == bindparam("channel"), _inbox.c.key == bindparam("key"))
_FIND = Prepared(_BY_KEY)  # asked for with every webhook
_CURSOR = select(_inbox.c.cursor).where(_inbox.c.id == bindparam("inbox_id", type_=Id))
_CHANGE = update(_inbox).where(_inbox.c.id == bindparam("inbox_id", type_=Id))

_BY_ID = select(_inbox).where(_inbox.c.id == bindparam("inbox_id"))
_conversation = schema.conversation
_OF_CONVERSATION = (
    select(_inbox)
    .join(_conversation, _conversation.c.inbox_id == _inbox.c.id)
    .where(_conversation.c.id == bindparam("conversation_id"))
)
_HURRY = (
    update(schema.outbox)
    .where(
        schema.outbox.c.topic == Topic.DELIVER,
        schema.outbox.c.taken.is_(False),
        # A key is text, for other topics too.
        schema.outbox.c.key.in_(
            select(cast(_conversation.c.id, Text)).where(
                _conversation.c.inbox_id == bindparam("of_inbox", type_=Id)
            )
        ),
    )
    .values(due_at=bindparam("now", type_=UtcTime))
)


def list_inboxes(conn: Connection, channel: str | None = None) -> list[Inbox]:
    """All of them, or those of one channel."""
    return [_inbox_of(row) for row in conn.execute(_ALL) if channel in (None, row.channel)]


def find_inbox(conn: Connection, channel: str, key: str) -> Inbox | None:
    rows = _FIND.rows(conn, channel=channel, key=key)
    return _inbox_of(rows[0]) if rows else None


def get_inbox(conn: Connection, inbox_id: str) -> Inbox:
    """Raises NotFound."""
    row = conn.execute(_BY_ID, {"inbox_id": inbox_id}).one_or_none()
    if row is None:
        raise NotFound("no such inbox")
    return _inbox_of(row)


def change(
    conn: Connection,
    inbox_id: str,
    *,
    at: datetime,
    state: str | None = None,
    address: str | None = None,
) -> None:
    """Change what is given. One that is active again sends at once what has waited."""
    values = {name: value for name, value in (("state", state), ("address", address)) if value is not None}
    if values:
        conn.execute(update(_inbox).where(_inbox.c.id == inbox_id).values(values))
    if state == ACTIVE:
        conn.execute(_HURRY, {"of_inbox": inbox_id, "now": at})


def find_of_conversation(conn: Connection, conversation_id: str) -> Inbox | None:
    """None for an imported conversation."""
    row = conn.execute(_OF_CONVERSATION, {"conversation_id": conversation_id}).one_or_none()
    return None if row is None else _inbox_of(row)


def resolve_inbox(conn: Connection, channel: str, key: str, address: str = "") -> Inbox:
    """The inbox of this channel and key, made where it is missing; `address` is its own from now on, where one is given."""
    row = conn.execute(_BY_KEY, {"channel": channel, "key": key}).one_or_none()
    if row is not None and address not in ("", row.address):
        conn.execute(update(_inbox).where(_inbox.c.id == row.id).values(address=address))
        row = conn.execute(_BY_KEY, {"channel": channel, "key": key}).one()
    if row is None:
        conn.execute(
            insert(_inbox),
            {"id": new_id(), "channel": channel, "key": key, "address": address, "settings": {}},
        )
        row = conn.execute(_BY_KEY, {"channel": channel, "key": key}).one()
    return _inbox_of(row)


def get_cursor(conn: Connection, inbox_id: str) -> str:
    """Where its channel goes on, "" at the beginning."""
    cursor: str = conn.execute(_CURSOR, {"inbox_id": inbox_id}).scalar_one()
    return cursor


def set_cursor(conn: Connection, inbox_id: str, cursor: str) -> None:
    conn.execute(_CHANGE.values(cursor=cursor), {"inbox_id": inbox_id})


def set_error(conn: Connection, inbox_id: str, error: str | None) -> None:
    """What is wrong with it now, None when all is well."""
    conn.execute(_CHANGE.values(last_error=error), {"inbox_id": inbox_id})


def _inbox_of(row: Any) -> Inbox:
    return Inbox(row.id, row.channel, row.key, row.address, row.state, row.last_error)

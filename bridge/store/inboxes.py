"""Inboxes: the configured accounts of each channel, such as support@… or the shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from bridge.domain.ids import new_id
from bridge.store import schema
from bridge.store.types import Id

_inbox = schema.inbox


@dataclass(frozen=True, slots=True)
class Inbox:
    """`key` is what stands in /hooks/{channel}/{key}; `address` what customers write to, canonical."""

    id: str
    channel: str
    key: str
    address: str
    state: str
    last_error: str | None


_ALL = select(_inbox).order_by(_inbox.c.channel, _inbox.c.key)
_BY_KEY = select(_inbox).where(_inbox.c.channel == bindparam("channel"), _inbox.c.key == bindparam("key"))
_CURSOR = select(_inbox.c.cursor).where(_inbox.c.id == bindparam("inbox_id", type_=Id))
_CHANGE = update(_inbox).where(_inbox.c.id == bindparam("inbox_id", type_=Id))


def list_inboxes(conn: Connection, channel: str | None = None) -> list[Inbox]:
    """All of them, or those of one channel."""
    return [_inbox_of(row) for row in conn.execute(_ALL) if channel in (None, row.channel)]


def find_inbox(conn: Connection, channel: str, key: str) -> Inbox | None:
    row = conn.execute(_BY_KEY, {"channel": channel, "key": key}).one_or_none()
    return None if row is None else _inbox_of(row)


def resolve_inbox(conn: Connection, channel: str, key: str, address: str = "") -> Inbox:
    """The inbox of this channel and key, made where it is missing."""
    row = conn.execute(_BY_KEY, {"channel": channel, "key": key}).one_or_none()
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

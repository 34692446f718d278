"""What was said in threads of an inbox, as the customer may read it, and how far it has reached them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, select

from bridge.domain.delivery import DeliveryState
from bridge.domain.entry import EntryDirection
from bridge.store import schema
from bridge.store.types import Id

_entry = schema.timeline_entry
_conversation = schema.conversation
_delivery = schema.delivery
_attachment = schema.attachment


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a thread; `source_key` is the entry's."""

    id: str
    conversation_id: str
    thread: str
    direction: str
    author: str
    at: datetime
    text: str
    payload: dict[str, Any]
    source_key: str


_in_threads = (
    _conversation.c.inbox_id == bindparam("inbox", type_=Id),
    _conversation.c.thread_key.in_(bindparam("threads", expanding=True)),
)
_said = (
    select(
        _entry.c.id,
        _entry.c.conversation_id,
        _conversation.c.thread_key,
        _entry.c.direction,
        _entry.c.author,
        _entry.c.occurred_at,
        _entry.c.body,
        _entry.c.payload,
        _entry.c.source_key,
    )
    .join(_conversation, _conversation.c.id == _entry.c.conversation_id)
    .where(
        *_in_threads,
        _entry.c.kind == "message",
        _entry.c.direction.in_((EntryDirection.INBOUND, EntryDirection.OUTBOUND)),
        _entry.c.redacted_at.is_(None),
    )
)
_SINCE = (
    _said.where(
        _entry.c.id >= bindparam("since", type_=Id),
        _entry.c.id.not_in(bindparam("known", expanding=True, type_=Id)),
    )
    .order_by(_entry.c.id)
    .limit(bindparam("most"))
)
_NEWEST = _said.order_by(_entry.c.id.desc()).limit(bindparam("most"))
_BEFORE = _NEWEST.where(_entry.c.id < bindparam("before", type_=Id))
_CONVERSATIONS = (
    select(_conversation.c.id).where(*_in_threads).order_by(_conversation.c.opened_at, _conversation.c.id)
)
_HAS_FILE = select(
    exists()
    .where(
        _attachment.c.id == bindparam("attachment_id", type_=Id),
        _attachment.c.entry_id == _entry.c.id,
        _entry.c.conversation_id == _conversation.c.id,
        _entry.c.direction.in_((EntryDirection.INBOUND, EntryDirection.OUTBOUND)),
        *_in_threads,
    )
    .correlate(None)
)
_THREADS = select(_conversation.c.id, _conversation.c.thread_key).where(
    _conversation.c.id.in_(bindparam("ids", expanding=True, type_=Id))
)


def read_since(
    conn: Connection, inbox_id: str, threads: Sequence[str], since: str, known: Sequence[str], *, most: int
) -> list[Said]:
    """Of the messages whose id is not smaller than `since` those that are not `known`, the oldest first."""
    values = {"inbox": inbox_id, "threads": threads, "since": since, "known": known, "most": most}
    return [Said(*row) for row in conn.execute(_SINCE, values)]


def read_newest(
    conn: Connection, inbox_id: str, threads: Sequence[str], *, before: str | None = None, most: int
) -> list[Said]:
    """The last `most` messages (older than the one of the id `before`), the oldest first."""
    values = {"inbox": inbox_id, "threads": threads, "most": most, "before": before}
    return [Said(*row) for row in conn.execute(_NEWEST if before is None else _BEFORE, values)][::-1]


def list_conversations(conn: Connection, inbox_id: str, threads: Sequence[str]) -> list[str]:
    """The ids of a thread's conversations, the newest last."""
    return list(conn.scalars(_CONVERSATIONS, {"inbox": inbox_id, "threads": threads}))


def find_threads(conn: Connection, conversation_ids: Sequence[str]) -> dict[str, str]:
    """The threads of conversations."""
    return {row.id: row.thread_key for row in conn.execute(_THREADS, {"ids": conversation_ids})}


def find_file(conn: Connection, inbox_id: str, threads: Sequence[str], attachment_id: str) -> bool:
    """Whether the file is one of a message in these threads."""
    values = {"inbox": inbox_id, "threads": threads, "attachment_id": attachment_id}
    return bool(conn.scalar(_HAS_FILE, values))


@lru_cache(maxsize=2)
def _reached(state: DeliveryState) -> Select[Any]:
    behind = [each for each in DeliveryState if state.follows(each) and each is not state]
    return (
        select(_delivery.c.id)
        .join(_entry, _entry.c.id == _delivery.c.entry_id)
        .join(_conversation, _conversation.c.id == _delivery.c.conversation_id)
        .where(*_in_threads, _entry.c.id <= bindparam("up_to", type_=Id), _delivery.c.state.in_(behind))
        .order_by(_delivery.c.id)
    )


def list_behind(
    conn: Connection, inbox_id: str, threads: Sequence[str], up_to: str, state: DeliveryState
) -> list[str]:
    """The deliveries of messages up to the one of the id `up_to` that have not come as far as `state`."""
    values = {"inbox": inbox_id, "threads": threads, "up_to": up_to}
    return list(conn.scalars(_reached(state), values))

"""Deliveries: what became of the messages that we wrote. Within a conversation they are sent in the order of their ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, insert, select, update

from bridge.domain.delivery import DeliveryState
from bridge.domain.ids import new_id
from bridge.errors import Conflict, NotFound
from bridge.store import schema
from bridge.store.filing import SYSTEM
from bridge.store.types import Id

_delivery = schema.delivery
_event = schema.delivery_event
_entry = schema.timeline_entry
_conversation = schema.conversation
_inbox = schema.inbox


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message and where it goes: `thread` in the inbox of this key."""

    id: str
    entry_id: str
    channel: str
    inbox_key: str
    thread: str
    text: str


_of_conversation = _delivery.c.conversation_id == bindparam("conversation_id", type_=Id)
_IN_STATE = (
    select(_delivery.c.id)
    .where(_of_conversation, _delivery.c.state == bindparam("in_state"))
    .order_by(_delivery.c.id)
)
_NEXT = (
    select(
        _delivery.c.id,
        _delivery.c.entry_id,
        _conversation.c.channel,
        _inbox.c.key,
        _conversation.c.thread_key,
        _entry.c.body,
    )
    .join(_entry, _entry.c.id == _delivery.c.entry_id)
    .join(_conversation, _conversation.c.id == _delivery.c.conversation_id)
    .join(_inbox, _inbox.c.id == _conversation.c.inbox_id)
    .where(_of_conversation, _delivery.c.state == DeliveryState.ACCEPTED)
    .order_by(_delivery.c.id)
    .limit(1)
)
_IS_WAITING = select(exists().where(_of_conversation, _delivery.c.state == DeliveryState.ACCEPTED))
_GET = select(_delivery.c.entry_id, _delivery.c.conversation_id, _delivery.c.state).where(
    _delivery.c.id == bindparam("delivery_id", type_=Id)
)
_CHANGE = update(_delivery).where(_delivery.c.id == bindparam("delivery_id", type_=Id))


def add(conn: Connection, entry_id: str, conversation_id: str, *, by: str, at: datetime) -> str:
    """A message that is to be sent; the id of its delivery."""
    delivery_id = new_id()
    row = {"id": delivery_id, "entry_id": entry_id, "conversation_id": conversation_id}
    conn.execute(insert(_delivery), {**row, "state": DeliveryState.ACCEPTED, "changed_at": at})
    _tell(conn, delivery_id, DeliveryState.ACCEPTED, "", by, at)
    return delivery_id


def list_in_state(conn: Connection, conversation_id: str, state: DeliveryState) -> list[str]:
    """The deliveries of a conversation that are in `state`, the oldest first."""
    return list(conn.scalars(_IN_STATE, {"conversation_id": conversation_id, "in_state": state}))


def find_next(conn: Connection, conversation_id: str) -> Outgoing | None:
    """The oldest that waits to be sent."""
    row = conn.execute(_NEXT, {"conversation_id": conversation_id}).one_or_none()
    return None if row is None else Outgoing(*row)


def is_waiting(conn: Connection, conversation_id: str) -> bool:
    return bool(conn.scalar(_IS_WAITING, {"conversation_id": conversation_id}))


def get_entry_of(conn: Connection, delivery_id: str) -> str:
    """Raises NotFound."""
    entry_id: str = _get(conn, delivery_id).entry_id
    return entry_id


def get_conversation_of(conn: Connection, delivery_id: str) -> str:
    """Raises NotFound."""
    conversation_id: str = _get(conn, delivery_id).conversation_id
    return conversation_id


def record(
    conn: Connection,
    delivery_id: str,
    state: DeliveryState,
    *,
    at: datetime,
    reason: str = "",
    provider_key: str | None = None,
    by: str = SYSTEM,
) -> None:
    """It is in `state` now, and was before in what its events say."""
    values = {"state": state, "reason": reason, "provider_key": provider_key, "changed_at": at}
    conn.execute(_CHANGE.values(values), {"delivery_id": delivery_id})
    _tell(conn, delivery_id, state, reason, by, at)


def send_again(conn: Connection, delivery_id: str, *, by: str, at: datetime) -> str:
    """What failed, or whose fate is unknown, waits once more, in its old place; the id of its conversation.

    Raises NotFound; Conflict for one that is on its way or was sent.
    """
    row = _get(conn, delivery_id)
    if row.state not in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        raise Conflict(f"this message is {row.state}: there is nothing to send again")
    record(conn, delivery_id, DeliveryState.ACCEPTED, at=at, by=by)
    conversation_id: str = row.conversation_id
    return conversation_id


def _get(conn: Connection, delivery_id: str) -> Any:
    row = conn.execute(_GET, {"delivery_id": delivery_id}).one_or_none()
    if row is None:
        raise NotFound("no such delivery")
    return row


def _tell(
    conn: Connection, delivery_id: str, state: DeliveryState, reason: str, by: str, at: datetime
) -> None:
    row = {"id": new_id(), "delivery_id": delivery_id, "state": state, "reason": reason, "at": at, "by": by}
    conn.execute(insert(_event), row)

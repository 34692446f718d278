"""Deliveries: what became of the messages that we wrote. Within a conversation they are sent in the order of their ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, exists, func, insert, or_, select, update

from bridge.domain.delivery import DeliveryState
from bridge.domain.ids import new_id
from bridge.errors import Conflict, NotFound
from bridge.store import attachments, delivery_parts, schema
from bridge.store.attachments import Attachment
from bridge.store.filing import SYSTEM
from bridge.store.types import Id, UtcTime

_delivery = schema.delivery
_event = schema.delivery_event
_entry = schema.timeline_entry
_conversation = schema.conversation
_inbox = schema.inbox
_identity = schema.identity


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message and where it goes: `thread` in the inbox of this key, to the address `to`.

    `answers` as in `OutboundMessage`. `payload` is the entry's, and `subject` the conversation's.
    """

    id: str
    entry_id: str
    conversation_id: str
    channel: str
    inbox_key: str
    thread: str
    text: str
    subject: str
    to: str
    payload: dict[str, Any]
    answers: tuple[str, ...]
    attachments: tuple[Attachment, ...]


PROVIDER: Final = "provider"
"""Who says so in `delivery_event.by`, where it is not a person or we."""
MOST_ANSWERED: Final = 20
"""So many of the newest messages of a conversation are named by the next one."""


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
        _delivery.c.conversation_id,
        _conversation.c.channel,
        _inbox.c.key.label("inbox_key"),
        _conversation.c.thread_key.label("thread"),
        _entry.c.body.label("text"),
        _conversation.c.subject,
        func.coalesce(_identity.c.address, "").label("to"),
        _entry.c.payload,
    )
    .join(_entry, _entry.c.id == _delivery.c.entry_id)
    .join(_conversation, _conversation.c.id == _delivery.c.conversation_id)
    .join(_inbox, _inbox.c.id == _conversation.c.inbox_id)
    .outerjoin(_identity, _identity.c.id == _entry.c.identity_id)
    .where(_of_conversation, _delivery.c.state == DeliveryState.ACCEPTED)
    .order_by(_delivery.c.id)
    .limit(1)
)
_ANSWERED = (
    select(_entry.c.source_key, _delivery.c.id)
    .outerjoin(_delivery, _delivery.c.entry_id == _entry.c.id)
    .where(
        _entry.c.conversation_id == bindparam("conversation_id", type_=Id),
        _entry.c.kind == "message",
        _entry.c.replaces_id.is_(None),
        _entry.c.id < bindparam("entry_id", type_=Id),
    )
    .order_by(_entry.c.id.desc())
    .limit(MOST_ANSWERED)
)
_IS_WAITING = select(exists().where(_of_conversation, _delivery.c.state == DeliveryState.ACCEPTED))
_GET = select(
    _delivery.c.entry_id, _delivery.c.conversation_id, _delivery.c.state, _delivery.c.provider_key
).where(_delivery.c.id == bindparam("delivery_id", type_=Id))
_SENT = (
    select(_delivery.c.id)
    .join(_conversation, _conversation.c.id == _delivery.c.conversation_id)
    .where(
        or_(
            _delivery.c.id == bindparam("delivery_id", type_=Id),
            and_(_delivery.c.provider_key.is_not(None), _delivery.c.provider_key == bindparam("sent_as")),
        ),
        _conversation.c.inbox_id == bindparam("inbox_id", type_=Id),
    )
    .limit(1)
)
_IS_HEARD = select(
    exists().where(
        _event.c.delivery_id == bindparam("delivery_id", type_=Id),
        _event.c.state == bindparam("heard"),
        _event.c.at == bindparam("at", type_=UtcTime),
        _event.c.by == PROVIDER,
    )
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
    if row is None:
        return None
    files = attachments.list_of_entry(conn, row.entry_id)
    answers = _list_answered(conn, conversation_id, row.entry_id, row.inbox_key)
    return Outgoing(**row._mapping, answers=answers, attachments=tuple(files))


def _list_answered(conn: Connection, conversation_id: str, entry_id: str, inbox_key: str) -> tuple[str, ...]:
    rows = conn.execute(_ANSWERED, {"conversation_id": conversation_id, "entry_id": entry_id})
    return tuple(row.id or row.source_key.removeprefix(f"{inbox_key}/") for row in rows)


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
    """It is in `state` now, unless the provider has told more of it meanwhile, and was before in what its events say."""
    values: dict[str, Any] = {} if provider_key is None else {"provider_key": provider_key}
    if state.follows(DeliveryState(_get(conn, delivery_id).state)):
        values = {"state": state, "reason": reason, "provider_key": provider_key, "changed_at": at}
    if values:
        conn.execute(_CHANGE.values(values), {"delivery_id": delivery_id})
    _tell(conn, delivery_id, state, reason, by, at)


def find_sent(conn: Connection, inbox_id: str, provider_key: str, delivery_id: str) -> str | None:
    """The delivery of this inbox that the provider means: by our id, where it gives that back, or by its own name."""
    given = {"inbox_id": inbox_id, "sent_as": provider_key, "delivery_id": delivery_id}
    found: str | None = conn.scalar(_SENT, given)
    return found or delivery_parts.find_sent(conn, inbox_id, provider_key)


def hear(
    conn: Connection,
    delivery_id: str,
    provider_key: str,
    state: DeliveryState,
    *,
    at: datetime,
    reason: str,
    part: int | None = None,
) -> bool:
    """What the provider says of its message `provider_key`: whether that is news. The same again is no event.

    It is one of several where the delivery has parts: `part` is its number, None where only its name is known. A failure
    counts of the message that is known by this name: one that was sent before may have failed long ago.
    """
    row = _get(conn, delivery_id)
    news = delivery_parts.hear(conn, delivery_id, part, provider_key, state, reason)
    if news is not None:
        whole = delivery_parts.together(conn, delivery_id)
        if news and whole is not None and whole[0] is not DeliveryState(row.state):
            record(conn, delivery_id, whole[0], at=at, reason=whole[1], by=PROVIDER)
        return news
    if conn.scalar(_IS_HEARD, {"delivery_id": delivery_id, "heard": state, "at": at}):
        return False
    nameless = row.state in (DeliveryState.SENDING, DeliveryState.UNKNOWN)
    if state is DeliveryState.FAILED and row.provider_key != provider_key and not nameless:
        return False
    record(conn, delivery_id, state, at=at, reason=reason, provider_key=provider_key, by=PROVIDER)
    return state.follows(DeliveryState(row.state))


def send_again(conn: Connection, delivery_id: str, *, by: str, at: datetime) -> str:
    """What failed, or whose fate is unknown, waits once more, in its old place; the id of its conversation.

    Raises NotFound; Conflict for one that is on its way or was sent.
    """
    row = _get(conn, delivery_id)
    if row.state not in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        raise Conflict(f"this message is {row.state}: there is nothing to send again")
    delivery_parts.send_again(conn, delivery_id)
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

"""Conversations that go on: the one a message belongs to is found, opened again, or begun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, case, func, null, select, update

from bridge.domain.ids import new_id
from bridge.errors import Conflict, NotFound
from bridge.store import conversations, filing, schema
from bridge.store.conversations import RESOLVED, NewConversation
from bridge.store.prepared import Prepared, PreparedWrite
from bridge.store.types import Id, UtcTime

OPEN: Final = "open"


@dataclass(frozen=True, slots=True)
class Conversation:
    """`identity_id` is the address that the talk was with last. `inbox_id` is None for an imported one."""

    id: str
    channel: str
    inbox_id: str | None
    thread_key: str
    identity_id: str | None


_conversation = schema.conversation
_at = bindparam("at", type_=UtcTime)
_NEWEST = Prepared(
    select(_conversation.c.id, _conversation.c.state, _conversation.c.resolved_at)
    .where(
        _conversation.c.channel == bindparam("channel"),
        _conversation.c.thread_key == bindparam("thread_key"),
        _conversation.c.inbox_id == bindparam("inbox_id"),
    )
    .order_by(_conversation.c.opened_at.desc(), _conversation.c.id.desc())
    .limit(1)
)
_entry = schema.timeline_entry
_WITH = (
    select(_entry.c.identity_id)
    .where(_entry.c.conversation_id == _conversation.c.id, _entry.c.identity_id.is_not(None))
    .order_by(_entry.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_GET = select(
    _conversation.c.id,
    _conversation.c.channel,
    _conversation.c.inbox_id,
    _conversation.c.thread_key,
    _WITH.label("identity_id"),
).where(_conversation.c.id == bindparam("conversation_id"))
_LAST_HEARD = (
    select(func.max(_entry.c.occurred_at))
    .join(_conversation, _conversation.c.id == _entry.c.conversation_id)
    .where(
        _conversation.c.channel == bindparam("channel"),
        _conversation.c.thread_key == bindparam("thread_key"),
        _conversation.c.inbox_id == bindparam("inbox_id", type_=Id),
        _entry.c.direction == "inbound",
        _entry.c.kind == "message",
        _entry.c.replaces_id.is_(None),
    )
)
_GO_ON = PreparedWrite(
    update(_conversation)
    .where(_conversation.c.id == bindparam("conversation_id"))
    .values(
        state=bindparam("state"),
        resolved_at=bindparam("resolved_at", type_=UtcTime),
        snoozed_until=null(),
        last_at=case((_conversation.c.last_at < _at, _at), else_=_conversation.c.last_at),
    )
)
_IN_INBOX = select(_conversation.c.thread_key).where(
    _conversation.c.inbox_id == bindparam("inbox_id", type_=Id)
)
_THREAD = _IN_INBOX.where(_conversation.c.id == bindparam("conversation_id", type_=Id))
_THREAD_OF_ENTRY = _IN_INBOX.join(_entry, _entry.c.conversation_id == _conversation.c.id).where(
    _entry.c.id == bindparam("entry_id", type_=Id)
)
_delivery = schema.delivery
_THREAD_OF_DELIVERY = _IN_INBOX.join(_delivery, _delivery.c.conversation_id == _conversation.c.id).where(
    _delivery.c.id == bindparam("delivery_id", type_=Id)
)
_customer = schema.customer
_THREADS_WITH = (
    select(_conversation.c.id, _conversation.c.thread_key)
    .join(_customer, _customer.c.id == _conversation.c.customer_id)
    .where(
        _conversation.c.inbox_id == bindparam("inbox_id", type_=Id),
        _customer.c.canonical_id == bindparam("canonical_id", type_=Id),
    )
    .order_by(_conversation.c.last_at.desc())
    .limit(200)
)


def find_thread(conn: Connection, inbox_id: str, conversation_id: str) -> str | None:
    """The thread of a conversation of this inbox."""
    found: str | None = conn.scalar(_THREAD, {"inbox_id": inbox_id, "conversation_id": conversation_id})
    return found


def find_thread_of_entry(conn: Connection, inbox_id: str, entry_id: str) -> str | None:
    """The thread that an entry of this inbox is in."""
    found: str | None = conn.scalar(_THREAD_OF_ENTRY, {"inbox_id": inbox_id, "entry_id": entry_id})
    return found


def find_thread_of_delivery(conn: Connection, inbox_id: str, delivery_id: str) -> str | None:
    """The thread that a message of ours went out in, by the id of its delivery."""
    found: str | None = conn.scalar(_THREAD_OF_DELIVERY, {"inbox_id": inbox_id, "delivery_id": delivery_id})
    return found


def list_threads_with(conn: Connection, inbox_id: str, canonical_id: str) -> list[tuple[str, str]]:
    """The newest conversations of a customer in this inbox: id and thread."""
    given = {"inbox_id": inbox_id, "canonical_id": canonical_id}
    return [(row.id, row.thread_key) for row in conn.execute(_THREADS_WITH, given)]


def resolve_open(conn: Connection, new: NewConversation, *, reopen: timedelta) -> str:
    """The conversation that a message of `new.at` is part of; its id. It is open afterwards.

    One that is not resolved goes on; one that was resolved at most `reopen` before the message is opened again; else
    the next is begun, filed by the system.
    """
    rows = _NEWEST.rows(conn, channel=new.channel, thread_key=new.thread_key, inbox_id=new.inbox_id)
    if rows and _goes_on(rows[0].state, rows[0].resolved_at, new.at, reopen):
        known: str = rows[0].id
        _GO_ON.run(conn, conversation_id=known, state=OPEN, resolved_at=None, at=new.at)
        return known
    return begin(conn, new)


def begin(conn: Connection, new: NewConversation) -> str:
    """Raises IntegrityError where the thread has one that is not resolved."""
    conversation_id = new_id()
    conversations.insert_conversation(conn, conversation_id, new, state=OPEN, resolved_at=None)
    if new.customer_id is not None:
        filing.record_first(
            conn,
            filing.Subject.CONVERSATION,
            conversation_id,
            new.customer_id,
            reason="message",
            at=new.at,
        )
    return conversation_id


def get_conversation(conn: Connection, conversation_id: str) -> Conversation:
    """Raises NotFound."""
    row = conn.execute(_GET, {"conversation_id": conversation_id}).one_or_none()
    if row is None:
        raise NotFound("no such conversation")
    return Conversation(*row)


def find_last_heard(conn: Connection, conversation: Conversation) -> datetime | None:
    """When the customer wrote last in this thread, in whichever of its conversations."""
    given = {"channel": conversation.channel, "thread_key": conversation.thread_key}
    found: datetime | None = conn.scalar(_LAST_HEARD, {**given, "inbox_id": conversation.inbox_id})
    return found


def check_newest(conn: Connection, conversation: Conversation) -> None:
    """Raises Conflict where its thread has gone on in a later one."""
    (newest,) = _NEWEST.rows(
        conn,
        channel=conversation.channel,
        thread_key=conversation.thread_key,
        inbox_id=conversation.inbox_id,
    )
    if newest.id != conversation.id:
        raise Conflict("this conversation is over, and another one goes on: answer there")


def go_on(conn: Connection, conversation: Conversation, at: datetime) -> None:
    """It is open, and something was said in it at `at`. Raises Conflict where its thread has gone on in a later one."""
    check_newest(conn, conversation)
    _GO_ON.run(conn, conversation_id=conversation.id, state=OPEN, resolved_at=None, at=at)


def _goes_on(state: str, resolved_at: datetime | None, at: datetime, reopen: timedelta) -> bool:
    return state != RESOLVED or resolved_at is None or at <= resolved_at + reopen

"""Conversations that go on: the one a message belongs to is found, opened again, or begun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, case, null, select, update

from bridge.domain.ids import new_id
from bridge.errors import Conflict, NotFound
from bridge.store import conversations, filing, schema
from bridge.store.conversations import RESOLVED, NewConversation
from bridge.store.prepared import Prepared, PreparedWrite
from bridge.store.types import UtcTime

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

"""Conversations: one open-to-resolved stretch of a thread in one inbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, bindparam, case, func, insert, or_, select, update

from bridge.domain.card import OpenConversation
from bridge.domain.ids import new_id
from bridge.domain.times import iso
from bridge.errors import NotFound
from bridge.store import filing, schema
from bridge.store.leaves import ranges, values_of
from bridge.store.prepared import Prepared, PreparedWrite, values_of_columns
from bridge.store.types import Id, UtcTime

_conversation = schema.conversation

RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConversation:
    """What a message says of its conversation. `inbox_id` is None for an imported one of an account that is not set up here."""

    channel: str
    thread_key: str
    at: datetime
    inbox_id: str | None = None
    customer_id: str | None = None
    subject: str = ""


_FIND = Prepared(
    select(_conversation.c.id)
    .where(
        _conversation.c.channel == bindparam("channel"),
        _conversation.c.thread_key == bindparam("thread_key"),
        _conversation.c.inbox_id.is_not_distinct_from(bindparam("inbox_id", type_=Id)),
    )
    .order_by(_conversation.c.last_at.desc())
    .limit(1)
)
_AT = bindparam("at", type_=UtcTime)
_PLACE = select(_conversation.c.customer_id).where(_conversation.c.id == bindparam("conversation_id"))
_STRETCH = PreparedWrite(
    update(_conversation)
    .where(_conversation.c.id == bindparam("conversation_id"))
    .values(
        opened_at=case((_conversation.c.opened_at > _AT, _AT), else_=_conversation.c.opened_at),
        last_at=case((_conversation.c.last_at < _AT, _AT), else_=_conversation.c.last_at),
        # A live conversation is not resolved by an import.
        resolved_at=case(
            ((_conversation.c.state == RESOLVED) & (_conversation.c.resolved_at < _AT), _AT),
            else_=_conversation.c.resolved_at,
        ),
    )
)


_INSERT = PreparedWrite(
    insert(_conversation).values(
        values_of_columns(
            _conversation,
            *("id", "inbox_id", "customer_id", "channel", "thread_key"),
            *("subject", "state", "opened_at", "last_at", "resolved_at"),
        )
    )
)


def resolve_past(conn: Connection, message: NewConversation) -> str:
    """The conversation that an imported message is part of; a new one is resolved, and filed by the system."""
    rows = _FIND.rows(conn, channel=message.channel, thread_key=message.thread_key, inbox_id=message.inbox_id)
    if rows:
        known: str = rows[0].id
        stretch(conn, known, message.at)
        return known
    conversation_id = new_id()
    insert_conversation(conn, conversation_id, message, state=RESOLVED, resolved_at=message.at)
    if message.customer_id is not None:
        filing.record_first(
            conn,
            filing.Subject.CONVERSATION,
            conversation_id,
            message.customer_id,
            reason="import",
            at=message.at,
        )
    return conversation_id


def insert_conversation(
    conn: Connection,
    conversation_id: str,
    new: NewConversation,
    *,
    state: str,
    resolved_at: datetime | None,
) -> None:
    """The row alone: where it is filed has to be recorded as well."""
    _INSERT.run(
        conn,
        id=conversation_id,
        inbox_id=new.inbox_id,
        customer_id=new.customer_id,
        channel=new.channel,
        thread_key=new.thread_key,
        subject=new.subject,
        state=state,
        opened_at=new.at,
        last_at=new.at,
        resolved_at=resolved_at,
    )


def stretch(conn: Connection, conversation_id: str, at: datetime) -> None:
    """Make the conversation reach to an imported message's time."""
    _STRETCH.run(conn, conversation_id=conversation_id, at=at)


_IS_OPEN = or_(_conversation.c.state == "open", _conversation.c.state == "snoozed")
_COUNT_OPEN = select(func.count()).where(
    _conversation.c.customer_id.in_(bindparam("leaves", expanding=True, type_=Id)), _IS_OPEN
)


def get_customer_of(conn: Connection, conversation_id: str) -> str | None:
    """Where the conversation is filed. Raises NotFound."""
    row = conn.execute(_PLACE, {"conversation_id": conversation_id}).one_or_none()
    if row is None:
        raise NotFound("no such conversation")
    place: str | None = row.customer_id
    return place


@lru_cache(maxsize=64)
def _open(leaves: int) -> Prepared:
    columns = (
        _conversation.c.id,
        _conversation.c.channel,
        _conversation.c.subject,
        _conversation.c.state,
        _conversation.c.last_at,
    )
    found = ranges(
        leaves,
        lambda leaf: select(*columns).where(_conversation.c.customer_id == leaf, _IS_OPEN),
    )
    return Prepared(select(found).order_by(found.c.last_at.desc()).limit(bindparam("limit")))


def list_open(conn: Connection, leaves: Sequence[str], *, limit: int = 20) -> list[OpenConversation]:
    """What is not resolved with the given leaves, newest first. One query."""
    if not leaves:
        return []
    return [
        OpenConversation(
            id=row.id, channel=row.channel, subject=row.subject, state=row.state, last_at=iso(row.last_at)
        )
        for row in _open(len(leaves)).rows(conn, limit=limit, **values_of(leaves))
    ]


def count_open(conn: Connection, leaves: Sequence[str]) -> int:
    """How many are not resolved with the given leaves."""
    return conn.execute(_COUNT_OPEN, {"leaves": list(leaves)}).scalar_one()

"""What changes in a conversation as people work on it: whose it is, whether it rests, who waits, its tags and mentions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, literal_column, select, update

from bridge.domain.conversation import ConversationState
from bridge.store import schema
from bridge.store.prepared import PreparedWrite
from bridge.store.types import Id, UtcTime

_conversation = schema.conversation
_tag = schema.conversation_tag
_mention = schema.mention

_ONE = _conversation.c.id == bindparam("conversation_id", type_=Id)
_AT = bindparam("at", type_=UtcTime)
_CHANGE = update(_conversation).where(_ONE)
_WAITS = PreparedWrite(_CHANGE.where(_conversation.c.waiting_since.is_(None)).values(waiting_since=_AT))
_IS_DUE = PreparedWrite(_CHANGE.values(due_at=_AT))
_ANSWERED = select(_conversation.c.answered_at).where(_ONE)
_WOKEN = (
    select(_conversation.c.id)
    .where(_conversation.c.state == "snoozed", _conversation.c.snoozed_until <= _AT)
    .order_by(_conversation.c.snoozed_until)
    .limit(bindparam("most"))
)
_IS_WORK = (_conversation.c.state != literal_column("'resolved'")) & (_conversation.c.state == "open")
_UNMINDED = (
    select(
        _conversation.c.id,
        _conversation.c.inbox_id,
        _conversation.c.waiting_since,
        _conversation.c.answered_at,
        _conversation.c.customer_id,
    )
    .where(_IS_WORK, _conversation.c.waiting_since.is_not(None), _conversation.c.due_at.is_(None))
    .order_by(_conversation.c.waiting_since)
    .limit(bindparam("most"))
)
_OVERDUE = (
    select(_conversation.c.id)
    .where(
        _IS_WORK,
        _conversation.c.waiting_since.is_not(None),
        _conversation.c.due_at <= _AT,
        _conversation.c.escalated_at.is_(None),
    )
    .order_by(_conversation.c.due_at)
    .limit(bindparam("most"))
)
_entry = schema.timeline_entry
_NEWEST_PAYLOAD = (
    select(_entry.c.payload)
    .where(
        _entry.c.conversation_id == bindparam("conversation_id", type_=Id),
        _entry.c.kind == "message",
        _entry.c.direction == "inbound",
    )
    .order_by(_entry.c.id.desc())
    .limit(1)
)
_SEE = (
    update(_mention)
    .where(
        _mention.c.conversation_id == bindparam("in_conversation", type_=Id),
        _mention.c.agent_id == bindparam("of_agent", type_=Id),
        _mention.c.seen_at.is_(None),
    )
    .values(seen_at=_AT)
)


def set_assignee(connection: Connection, conversation_id: str, agent_id: str | None) -> None:
    connection.execute(_CHANGE.values(assignee_id=agent_id), {"conversation_id": conversation_id})


def open_again(connection: Connection, conversation_id: str) -> None:
    """It neither rests nor is over."""
    values = {"state": ConversationState.OPEN, "snoozed_until": None, "resolved_at": None}
    connection.execute(_CHANGE.values(values), {"conversation_id": conversation_id})


def snooze(connection: Connection, conversation_id: str, until: datetime) -> None:
    values = {"state": ConversationState.SNOOZED, "snoozed_until": until, "resolved_at": None}
    connection.execute(_CHANGE.values(values), {"conversation_id": conversation_id})


def resolve(connection: Connection, conversation_id: str, at: datetime) -> None:
    """Nobody waits any more."""
    values = {"state": ConversationState.RESOLVED, "resolved_at": at, "snoozed_until": None, **_NOBODY_WAITS}
    connection.execute(_CHANGE.values(values), {"conversation_id": conversation_id})


_NOBODY_WAITS = {"waiting_since": None, "due_at": None, "escalated_at": None, "priority": 0}


def set_waiting(connection: Connection, conversation_id: str, since: datetime) -> bool:
    """The customer waits from `since` on; False where they did already."""
    return _WAITS.run(connection, conversation_id=conversation_id, at=since) == 1


def was_answered(connection: Connection, conversation_id: str) -> bool:
    """Whether a person of ours ever has."""
    return connection.scalar(_ANSWERED, {"conversation_id": conversation_id}) is not None


def set_answered(connection: Connection, conversation_id: str, at: datetime) -> None:
    """A person of ours has answered: nobody waits."""
    first = connection.scalar(_ANSWERED, {"conversation_id": conversation_id}) or at
    values = {**_NOBODY_WAITS, "answered_at": first}
    connection.execute(_CHANGE.values(values), {"conversation_id": conversation_id})


@dataclass(frozen=True, slots=True)
class Unminded:
    """A customer who waits since `waiting_since`, and nobody has worked out yet by when they should be answered."""

    id: str
    inbox_id: str | None
    waiting_since: datetime
    answered_at: datetime | None
    customer_id: str | None


def list_unminded(connection: Connection, most: int) -> list[Unminded]:
    return [Unminded(*row) for row in connection.execute(_UNMINDED, {"most": most})]


def set_due(connection: Connection, conversation_id: str, due_at: datetime) -> None:
    _IS_DUE.run(connection, conversation_id=conversation_id, at=due_at)


def forget_due(connection: Connection) -> None:
    """All that is not overdue yet is worked out anew."""
    connection.execute(
        update(_conversation).where(_IS_WORK, _conversation.c.escalated_at.is_(None)).values(due_at=None)
    )


def list_overdue(connection: Connection, now: datetime, most: int) -> list[str]:
    """Those of which the supervisors were not told yet."""
    return list(connection.scalars(_OVERDUE, {"at": now, "most": most}))


def escalate(connection: Connection, conversation_id: str, at: datetime) -> None:
    """It goes before what is not overdue."""
    values = {"escalated_at": at, "priority": _conversation.c.priority + 1}
    connection.execute(_CHANGE.values(values), {"conversation_id": conversation_id})


def is_automatic(connection: Connection, conversation_id: str) -> bool:
    """Whether a program wrote the customer's newest message."""
    payload = connection.scalar(_NEWEST_PAYLOAD, {"conversation_id": conversation_id})
    return bool(payload and payload.get("automatic"))


def list_woken(connection: Connection, now: datetime, most: int) -> list[str]:
    """Those that have rested for long enough, `most` at most."""
    return list(connection.scalars(_WOKEN, {"at": now, "most": most}))


def set_tags(connection: Connection, conversation_id: str, tags: Iterable[str]) -> None:
    connection.execute(delete(_tag).where(_tag.c.conversation_id == conversation_id))
    rows = [{"conversation_id": conversation_id, "tag": tag} for tag in tags]
    if rows:
        connection.execute(insert(_tag), rows)


def add_mentions(
    connection: Connection, entry_id: str, conversation_id: str, agent_ids: Iterable[str]
) -> None:
    rows = [
        {"entry_id": entry_id, "agent_id": each, "conversation_id": conversation_id} for each in agent_ids
    ]
    if rows:
        connection.execute(insert(_mention), rows)


def see_mentions(connection: Connection, conversation_id: str, agent_id: str, at: datetime) -> bool:
    """The agent has looked; whether there was something new for them."""
    values = {"in_conversation": conversation_id, "of_agent": agent_id, "at": at}
    return connection.execute(_SEE, values).rowcount > 0

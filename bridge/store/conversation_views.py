"""Conversations as the API shows them: summaries, the lists of work, how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)

from bridge.domain.conversation import ConversationCounts, ConversationState, ConversationSummary
from bridge.domain.threads import FORGED
from bridge.domain.times import iso, iso_or_none
from bridge.errors import InvalidInput, NotFound
from bridge.store import schema
from bridge.store.paging import place, read_place
from bridge.store.prepared import Prepared
from bridge.store.types import Id, UtcTime

Scope: TypeAlias = Literal["mine", "unassigned", "all"]
Show: TypeAlias = Literal["waiting", "answered", "snoozed", "resolved", "suspicious"]

PREVIEW: Final = 160
"""Characters of the newest message."""

_conversation = schema.conversation
_entry = schema.timeline_entry
_inbox = schema.inbox
_assignee = schema.agent
_tag = schema.conversation_tag
_mention = schema.mention
_leaf, _canonical = schema.customer.alias("leaf"), schema.customer.alias("canonical")

# Said literally, or SQLite does not see that the partial index holds them all.
_IS_WORK = _conversation.c.state != literal_column("'resolved'")
_IS_OPEN = _conversation.c.state == "open"
_WAITS = _IS_WORK & _IS_OPEN & _conversation.c.waiting_since.is_not(None)
# Until somebody has said whose it is.
_IS_SUSPICIOUS = _conversation.c.thread_key.startswith(FORGED) & _conversation.c.customer_id.is_(None)
_ME = bindparam("me", type_=Id)
_IS_CALLED = _conversation.c.id.in_(
    select(_mention.c.conversation_id).where(_mention.c.agent_id == _ME, _mention.c.seen_at.is_(None))
)
_IS_MINE = or_(_conversation.c.assignee_id == _ME, _IS_CALLED)
_IS_FREE = _conversation.c.assignee_id.is_(None)

_said = _entry.alias("said")
_newest = (
    select(_said.c.id)
    .where(_said.c.conversation_id == _conversation.c.id, _said.c.kind == "message")
    .order_by(_said.c.occurred_at.desc(), _said.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_SUMMARY = (
    select(
        _conversation,
        _IS_SUSPICIOUS.label("suspicious"),
        _inbox.c.key.label("inbox"),
        _canonical.c.id.label("canonical_id"),
        _canonical.c.name.label("customer_name"),
        _assignee.c.name.label("assignee"),
        func.substr(_entry.c.body, 1, PREVIEW).label("last_text"),
        _entry.c.direction.label("last_direction"),
    )
    .outerjoin(_inbox, _inbox.c.id == _conversation.c.inbox_id)
    .outerjoin(_leaf, _leaf.c.id == _conversation.c.customer_id)
    .outerjoin(_canonical, _canonical.c.id == _leaf.c.canonical_id)
    .outerjoin(_assignee, _assignee.c.id == _conversation.c.assignee_id)
    .outerjoin(_entry, _entry.c.id == _newest)
)
# Of one conversation, told with every message: prepared.
_OF_ONE = bindparam("conversation_id", type_=Id)
_BY_ID = Prepared(_SUMMARY.where(_conversation.c.id == _OF_ONE))
_TAGS_OF_ONE = Prepared(select(_tag.c.tag).where(_tag.c.conversation_id == _OF_ONE).order_by(_tag.c.tag))
_UNSEEN_OF_ONE = Prepared(
    select(_mention.c.agent_id)
    .where(_mention.c.conversation_id == _OF_ONE, _mention.c.seen_at.is_(None))
    .distinct()
)
_TAGS = (
    select(_tag.c.conversation_id, _tag.c.tag)
    .where(_tag.c.conversation_id.in_(bindparam("ids", expanding=True, type_=Id)))
    .order_by(_tag.c.tag)
)
_UNSEEN = (
    select(_mention.c.conversation_id, _mention.c.agent_id)
    .where(
        _mention.c.conversation_id.in_(bindparam("ids", expanding=True, type_=Id)),
        _mention.c.seen_at.is_(None),
    )
    .distinct()
)
_COUNTS = select(
    func.count(case((_WAITS & _IS_MINE | _IS_CALLED, 1))).label("mine"),
    func.count(case((_WAITS & _IS_FREE, 1))).label("unassigned"),
    func.count(case((_WAITS, 1))).label("all"),
    func.count(case((_IS_OPEN & _IS_SUSPICIOUS, 1))).label("suspicious"),
).where(or_(_IS_WORK, _IS_CALLED))
_KNOWN_TAGS = select(_tag.c.tag).distinct().order_by(_tag.c.tag).limit(500)

_SCOPES: dict[Scope, list[ColumnElement[bool]]] = {"mine": [_IS_MINE], "unassigned": [_IS_FREE], "all": []}
_SHOWN: dict[Show, ColumnElement[bool]] = {
    "waiting": _WAITS,
    "answered": _IS_WORK & _IS_OPEN & _conversation.c.waiting_since.is_(None),
    "snoozed": _IS_WORK & (_conversation.c.state == "snoozed"),
    "suspicious": _IS_WORK & _IS_OPEN & _IS_SUSPICIOUS,
    "resolved": (_conversation.c.state == "resolved") & _conversation.c.inbox_id.is_not(None),
}


def get_summary(connection: Connection, conversation_id: str) -> ConversationSummary:
    """Raises NotFound."""
    rows = _BY_ID.rows(connection, conversation_id=conversation_id)
    if not rows:
        raise NotFound("no such conversation")
    tags = [row.tag for row in _TAGS_OF_ONE.rows(connection, conversation_id=conversation_id)]
    unseen = [row.agent_id for row in _UNSEEN_OF_ONE.rows(connection, conversation_id=conversation_id)]
    return _summary(rows[0], tags, unseen)


def list_work(
    connection: Connection,
    *,
    show: Show,
    scope: Scope,
    agent_id: str,
    limit: int,
    before: str | None = None,
    channel: str | None = None,
    tag: str | None = None,
) -> tuple[Sequence[ConversationSummary], str | None]:
    """Those that wait: by priority, then who waits longest; all others: the newest first. And the next page's place.

    Raises InvalidInput for a wrong `before`.
    """
    shown = _SHOWN[show]
    if show == "waiting" and scope == "mine":
        # A note that calls me is work for me, whether or not the customer waits.
        shown = or_(shown, _IS_CALLED)
    statement = _SUMMARY.where(shown, *_SCOPES[scope])
    if channel is not None:
        statement = statement.where(_conversation.c.channel == channel)
    if tag is not None:
        tagged = select(_tag.c.conversation_id).where(_tag.c.tag == tag)
        statement = statement.where(_conversation.c.id.in_(tagged))
    statement, values = _page(statement, before, by_rank=show == "waiting")
    rows = connection.execute(statement.limit(limit + 1), {"me": agent_id, **values}).all()
    following = _place_of(rows[limit - 1], by_rank=show == "waiting") if len(rows) > limit else None
    return _summaries(connection, rows[:limit]), following


_RANK = (
    -_conversation.c.priority,
    func.coalesce(_conversation.c.waiting_since, _conversation.c.last_at, type_=UtcTime),
    _conversation.c.id,
)
_NEWEST_FIRST = (_conversation.c.last_at, _conversation.c.id)
_PLACE = (bindparam("at", type_=UtcTime), bindparam("row", type_=Id))
_AFTER_RANK = tuple_(*_RANK) > tuple_(bindparam("rank"), *_PLACE)
_OLDER = tuple_(*_NEWEST_FIRST) < tuple_(*_PLACE)


def _page(statement: Select[Any], before: str | None, *, by_rank: bool) -> tuple[Select[Any], dict[str, Any]]:
    """In the order of the list, from the place `before` on, and the values that takes."""
    order = _RANK if by_rank else tuple(column.desc() for column in _NEWEST_FIRST)
    statement = statement.order_by(*order)
    if before is None:
        return statement, {}
    at, row = read_place(before)
    if not by_rank:
        return statement.where(_OLDER), {"at": at, "row": row}
    priority, row = _read_rank(row)
    return statement.where(_AFTER_RANK), {"rank": -priority, "at": at, "row": row}


def _place_of(row: Any, *, by_rank: bool) -> str:
    if by_rank:
        return place(row.waiting_since or row.last_at, f"{row.priority}:{row.id}")
    return place(row.last_at, row.id)


def count(connection: Connection, agent_id: str) -> ConversationCounts:
    row = connection.execute(_COUNTS, {"me": agent_id}).one()
    return ConversationCounts(
        mine=row.mine, unassigned=row.unassigned, all=row.all, suspicious=row.suspicious
    )


def list_tags(connection: Connection) -> list[str]:
    """All that were ever given."""
    return list(connection.scalars(_KNOWN_TAGS))


def _read_rank(text: str) -> tuple[int, str]:
    priority, _, row_id = text.partition(":")
    try:
        return int(priority), row_id
    except ValueError as error:
        raise InvalidInput("not a place in a list: give what `next` said", where="before") from error


def _summaries(connection: Connection, rows: Sequence[Any]) -> list[ConversationSummary]:
    ids = [row.id for row in rows]
    tags: dict[str, list[str]] = {each: [] for each in ids}
    mentions: dict[str, list[str]] = {each: [] for each in ids}
    if ids:
        for row in connection.execute(_TAGS, {"ids": ids}):
            tags[row.conversation_id].append(row.tag)
        for row in connection.execute(_UNSEEN, {"ids": ids}):
            mentions[row.conversation_id].append(row.agent_id)
    return [_summary(row, tags[row.id], mentions[row.id]) for row in rows]


def _summary(row: Any, tags: list[str], mentions: list[str]) -> ConversationSummary:
    return ConversationSummary(
        id=row.id,
        channel=row.channel,
        inbox=row.inbox,
        subject=row.subject,
        state=ConversationState(row.state),
        customer_id=row.canonical_id,
        customer_name=row.customer_name,
        assignee_id=row.assignee_id,
        assignee=row.assignee,
        opened_at=iso(row.opened_at),
        last_at=iso(row.last_at),
        snoozed_until=iso_or_none(row.snoozed_until),
        waiting_since=iso_or_none(row.waiting_since),
        due_at=iso_or_none(row.due_at),
        overdue=row.escalated_at is not None,
        priority=row.priority,
        tags=tags,
        mentions=mentions,
        last_text=row.last_text or "",
        last_direction=row.last_direction,
        suspicious=bool(row.suspicious),
    )

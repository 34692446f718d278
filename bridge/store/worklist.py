"""The worklist: inbound calls that nobody answered and nobody has handled yet, one piece of work for each caller.

All open calls of a caller have the same owner and are handled together. Of a withheld number each call is a piece of
work by itself: nothing says that two of them are the same person's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from bridge.domain.call import CallRecording
from bridge.domain.times import iso
from bridge.domain.work import WorkItem
from bridge.store import call_views, transcripts
from bridge.store.paging import place, read_place
from bridge.store.prepared import Prepared
from bridge.store.schema import call, customer, recording

VOICEMAIL = "voicemail"


def _is_work(of: FromClause) -> ColumnElement[bool]:
    """Said literally, or SQLite does not see that the partial index holds them all."""
    return and_(
        of.c.handled_at.is_(None),
        of.c.answered_at.is_(None),
        of.c.direction == literal_column("'inbound'"),
        of.c.state == literal_column("'ended'"),
        of.c.outcome != literal_column("'answered'"),
    )


_other, _listed = call.alias("other"), call.alias("listed")
_same_caller = and_(_is_work(_other), _other.c.caller == call.c.caller, call.c.caller != "")
_newer = exists().where(
    _same_caller, tuple_(_other.c.started_at, _other.c.id) > tuple_(call.c.started_at, call.c.id)
)
_count = select(func.count()).where(_same_caller).scalar_subquery()
_first = select(func.min(_other.c.started_at)).where(_same_caller).scalar_subquery()
# Of all calls the few that are work, off their partial index, however many there are.
_is_listed = call.c.id.in_(select(_listed.c.id).where(_is_work(_listed)))
_items = select(
    call.c.id,
    call.c.caller,
    call.c.started_at,
    _count.label("attempts"),
    func.coalesce(_first, call.c.started_at).label("first_at"),
).where(~_newer)
_page = _items.where(_is_listed).order_by(call.c.started_at.desc(), call.c.id.desc()).limit(bindparam("most"))
_is_callers = and_(
    _is_work(call),
    call.c.caller == bindparam("of_caller"),
    or_(call.c.caller != "", call.c.id == bindparam("of_call")),
)
_OF_CALLER = Prepared(_items.where(_is_callers))
_OPEN_OF = Prepared(
    select(call.c.id, call.c.owner_id).where(_is_callers).order_by(call.c.started_at, call.c.id)
)
_VOICEMAILS = Prepared(
    select(recording)
    .where(recording.c.kind == VOICEMAIL, recording.c.call_id.in_(select(call.c.id).where(_is_callers)))
    .order_by(recording.c.started_at.desc())
)
_leaf, _spoken, _person = customer.alias("leaf"), call.alias("spoken"), customer.alias("person")
_NUMBERS_OF_PERSON = Prepared(
    select(call.c.caller)
    .distinct()
    .join(_leaf, _leaf.c.id == call.c.customer_id)
    .where(
        _is_work(call),
        call.c.caller != "",
        _leaf.c.canonical_id
        == select(_person.c.canonical_id)
        .join(_spoken, _spoken.c.customer_id == _person.c.id)
        .where(_spoken.c.id == bindparam("of_call"), _person.c.kind == "person")
        .scalar_subquery(),
    )
)
_own = update(call).where(call.c.id == bindparam("call_id")).values(owner_id=bindparam("owner"))
_handle = update(call).where(call.c.id == bindparam("call_id")).values(handled_at=bindparam("at"))


def key_of(caller: str, call_id: str) -> str:
    """As in `WorkItem`."""
    return caller or call_id


def list_work(
    connection: Connection, *, limit: int, before: str | None = None
) -> tuple[Sequence[WorkItem], str | None]:
    """Newest first, and the place of the next page, None at the end. Raises InvalidInput for a wrong `before`."""
    statement = _page
    values: dict[str, Any] = {"most": limit + 1}
    if before is not None:
        at, row_id = read_place(before)
        older = tuple_(call.c.started_at, call.c.id) < tuple_(
            bindparam("at", type_=call.c.started_at.type), bindparam("before_id")
        )
        statement, values = statement.where(older), values | {"at": at, "before_id": row_id}
    rows = connection.execute(statement, values).all()
    shown = rows[:limit]
    following = place(shown[-1].started_at, shown[-1].id) if len(rows) > limit else None
    return [_item(connection, row) for row in shown], following


def find_work(connection: Connection, caller: str, call_id: str) -> WorkItem | None:
    """None when nothing of this caller is open; `call_id` counts only where `caller` is withheld."""
    rows = _OF_CALLER.rows(connection, of_caller=caller, of_call=call_id)
    return _item(connection, rows[0]) if rows else None


def list_open_of(connection: Connection, caller: str, call_id: str) -> list[tuple[str, str | None]]:
    """The open calls of a piece of work, given as to `find_work`, oldest first: id and owner."""
    rows = _OPEN_OF.rows(connection, of_caller=caller, of_call=call_id)
    return [(row.id, row.owner_id) for row in rows]


def list_numbers_of_person(connection: Connection, call_id: str) -> list[str]:
    """The numbers under which there is open work of the person whose call this is; none where it is a group's."""
    return [row.caller for row in _NUMBERS_OF_PERSON.rows(connection, of_call=call_id)]


def set_owner(connection: Connection, call_ids: Iterable[str], owner_id: str | None) -> None:
    for call_id in call_ids:
        connection.execute(_own, {"call_id": call_id, "owner": owner_id})


def set_handled(connection: Connection, call_ids: Iterable[str], at: datetime) -> None:
    for call_id in call_ids:
        connection.execute(_handle, {"call_id": call_id, "at": at})


def _item(connection: Connection, row: Any) -> WorkItem:
    return WorkItem(
        key=key_of(row.caller, row.id),
        call=call_views.get_summary(connection, row.id),
        attempts=max(row.attempts, 1),
        first_at=iso(row.first_at),
        voicemails=[
            CallRecording(
                id=each.id,
                kind=each.kind,
                state=each.state,
                duration_ms=each.duration_ms,
                transcript=transcripts.states_of_call(connection, each.call_id).get(each.id),
            )
            for each in _VOICEMAILS.rows(connection, of_caller=row.caller, of_call=row.id)
        ],
    )

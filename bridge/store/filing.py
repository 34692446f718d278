"""Where an entry, a call or a conversation is filed (invariant 3): the one way to change a `customer_id`.

A filing counts while it is neither undone nor the undoing of one. The triggers of the migrations hold the same rule;
`_PLACE` says it once more so that what hangs on a subject can be moved by one statement.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)

from bridge.domain.filing import FilingRecord
from bridge.domain.ids import new_id
from bridge.domain.times import iso
from bridge.errors import Conflict, NotFound
from bridge.store import schema
from bridge.store.prepared import Prepared, PreparedWrite, values_of_columns
from bridge.store.types import Id

_filing = schema.filing
_customer = schema.customer
_entry = schema.timeline_entry


class Subject(enum.StrEnum):
    ENTRY = "entry"
    CALL = "call"
    CONVERSATION = "conversation"


SYSTEM = "system"
"""`by` of a filing that no agent made."""


@dataclass(frozen=True, slots=True)
class Filing:
    """`from_id` None: nobody was known before. After an undo `to_id` is where the subject is now (None: nobody)."""

    id: str
    subject: Subject
    subject_id: str
    from_id: str | None
    to_id: str | None


_TABLES: dict[Subject, Table] = {
    Subject.ENTRY: _entry,
    Subject.CALL: schema.call,
    Subject.CONVERSATION: schema.conversation,
}


def _newest(subject: ColumnElement[Any], subject_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Where the newest filing that counts puts a subject."""
    filed, undo = _filing.alias("filed"), _filing.alias("undo")
    return (
        select(filed.c.to_id)
        .where(
            filed.c.subject == subject,
            filed.c.subject_id == subject_id,
            filed.c.undoes.is_(None),
            ~select(undo.c.id).where(undo.c.undoes == filed.c.id).exists(),
        )
        .order_by(filed.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


_ANCHOR_PLACE = Prepared(select(_newest(bindparam("subject"), bindparam("subject_id")).label("place")))
_PLACE = func.coalesce(
    _newest(literal("entry"), _entry.c.id),
    _newest(literal("call"), _entry.c.call_id),
    _newest(literal("conversation"), _entry.c.conversation_id),
    _entry.c.arrived_customer_id,
)
# An entry moves with its own filing, its call's or its conversation's; the place is worked out for each anew.
_HANGS_ON = {
    Subject.ENTRY: _entry.c.id,
    Subject.CALL: _entry.c.call_id,
    Subject.CONVERSATION: _entry.c.conversation_id,
}
_MOVE_ENTRIES = {
    subject: PreparedWrite(update(_entry).where(column == bindparam("subject_id")).values(customer_id=_PLACE))
    for subject, column in _HANGS_ON.items()
}
_MOVE_ANCHOR = {
    subject: PreparedWrite(
        update(_TABLES[subject])
        .where(_TABLES[subject].c.id == bindparam("subject_id"))
        .values(customer_id=bindparam("place", type_=Id))
    )
    for subject in (Subject.CALL, Subject.CONVERSATION)
}
_FIND_PLACE = {
    subject: Prepared(select(table.c.customer_id).where(table.c.id == bindparam("subject_id")))
    for subject, table in _TABLES.items()
}
_FIND_CUSTOMER = Prepared(select(_customer.c.id).where(_customer.c.id == bindparam("customer_id")))
_NEWEST_COUNTING = (
    select(_filing.c.id)
    .where(
        _filing.c.subject == bindparam("subject"),
        _filing.c.subject_id == bindparam("subject_id"),
        _filing.c.undoes.is_(None),
        _filing.c.id.not_in(select(_filing.c.undoes).where(_filing.c.undoes.is_not(None))),
    )
    .order_by(_filing.c.id.desc())
    .limit(1)
)


_from, _to, _agent = _customer.alias("left"), _customer.alias("reached"), schema.agent
_HISTORY = (
    select(
        _filing,
        _from.c.name.label("from_name"),
        _to.c.name.label("to_name"),
        _agent.c.name.label("agent_name"),
    )
    .outerjoin(_from, _from.c.id == _filing.c.from_id)
    .outerjoin(_to, _to.c.id == _filing.c.to_id)
    # `by` is text, for "system" files too.
    .outerjoin(_agent, cast(_agent.c.id, Text) == _filing.c.by)
    .where(_filing.c.subject == bindparam("subject"), _filing.c.subject_id == bindparam("subject_id"))
    .order_by(_filing.c.id.desc())
)


_INSERT = PreparedWrite(
    insert(_filing).values(values_of_columns(_filing, *(column.name for column in _filing.c)))
)


def file(
    conn: Connection, subject: Subject, subject_id: str, to_id: str, *, by: str, reason: str, at: datetime
) -> Filing:
    """Put a subject, and what hangs on it, under a customer; the ids are written as given (a leaf's).

    Raises NotFound for an unknown subject or customer.
    """
    from_id = _find_place(conn, subject, subject_id)
    if not _FIND_CUSTOMER.rows(conn, customer_id=to_id):
        raise NotFound("no such customer")
    filing = Filing(new_id(), subject, subject_id, from_id, to_id)
    _insert(conn, filing, by=by, reason=reason, at=at)
    _move(conn, subject, subject_id)
    return filing


def record_first(
    conn: Connection, subject: Subject, subject_id: str, to_id: str, *, reason: str, at: datetime
) -> None:
    """The system's filing of a conversation or call that was made with its customer: an undo finds it."""
    _insert(conn, Filing(new_id(), subject, subject_id, None, to_id), by=SYSTEM, reason=reason, at=at)


def undo(conn: Connection, filing_id: str, *, by: str, at: datetime) -> Filing:
    """Take a filing back: the subject, and what hangs on it, goes where it would be without it.

    Raises NotFound; Conflict when it is undone already, is an undoing itself, or the subject was filed again since.
    """
    row = conn.execute(select(_filing).where(_filing.c.id == filing_id)).one_or_none()
    if row is None:
        raise NotFound("no such filing")
    subject = Subject(row.subject)
    newest = conn.execute(
        _NEWEST_COUNTING, {"subject": subject, "subject_id": row.subject_id}
    ).scalar_one_or_none()
    if newest != filing_id:
        raise Conflict("this filing is undone already, or another one came after it")
    from_id = _find_place(conn, subject, row.subject_id)
    undoing = Filing(new_id(), subject, row.subject_id, from_id, row.from_id)
    _insert(conn, undoing, by=by, reason="undo", at=at, undoes=filing_id)
    _move(conn, subject, row.subject_id)
    return Filing(undoing.id, subject, row.subject_id, from_id, _find_place(conn, subject, row.subject_id))


def list_filings(conn: Connection, subject: Subject, subject_id: str) -> list[FilingRecord]:
    """Every filing of a subject and every undoing, newest first. Raises NotFound for an unknown subject."""
    _find_place(conn, subject, subject_id)
    rows = conn.execute(_HISTORY, {"subject": subject, "subject_id": subject_id})
    return [
        FilingRecord(
            id=row.id,
            from_id=row.from_id,
            from_name=row.from_name,
            to_id=row.to_id,
            to_name=row.to_name,
            by=row.agent_name or row.by,
            reason=row.reason,
            at=iso(row.at),
            undoes=row.undoes,
        )
        for row in rows
    ]


def _find_place(conn: Connection, subject: Subject, subject_id: str) -> str | None:
    rows = _FIND_PLACE[subject].rows(conn, subject_id=subject_id)
    if not rows:
        raise NotFound(f"no such {subject}")
    place: str | None = rows[0].customer_id
    return place


def _insert(
    conn: Connection, filing: Filing, *, by: str, reason: str, at: datetime, undoes: str | None = None
) -> None:
    _INSERT.run(
        conn,
        id=filing.id,
        subject=filing.subject,
        subject_id=filing.subject_id,
        from_id=filing.from_id,
        to_id=filing.to_id,
        by=by,
        reason=reason,
        at=at,
        undoes=undoes,
    )


def _move(conn: Connection, subject: Subject, subject_id: str) -> None:
    """Bring the anchor and its entries to where the filings say."""
    if subject is not Subject.ENTRY:
        (found,) = _ANCHOR_PLACE.rows(conn, subject=subject, subject_id=subject_id)
        _MOVE_ANCHOR[subject].run(conn, subject_id=subject_id, place=found.place)
    _MOVE_ENTRIES[subject].run(conn, subject_id=subject_id)

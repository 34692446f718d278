"""Canned answers, by title."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bridge.domain.canned import CannedAnswer
from bridge.domain.ids import new_id
from bridge.errors import Conflict, NotFound
from bridge.store.schema import canned_answer
from bridge.store.types import Id

_ALL = select(canned_answer.c.id, canned_answer.c.title, canned_answer.c.text).order_by(canned_answer.c.title)
_OTHER = select(canned_answer.c.id).where(
    canned_answer.c.title == bindparam("title"), canned_answer.c.id != bindparam("answer_id", type_=Id)
)
_ONE = canned_answer.c.id == bindparam("answer_id", type_=Id)


def list_answers(connection: Connection) -> list[CannedAnswer]:
    return [CannedAnswer(id=row.id, title=row.title, text=row.text) for row in connection.execute(_ALL)]


def add_answer(connection: Connection, title: str, text: str, *, by: str, at: datetime) -> CannedAnswer:
    """Raises Conflict where another one has this title."""
    answer = CannedAnswer(id=new_id(), title=title, text=text)
    _check_title(connection, answer)
    row = {"id": answer.id, "title": title, "text": text, "changed_by": by, "changed_at": at}
    connection.execute(insert(canned_answer), row)
    return answer


def change_answer(
    connection: Connection, answer_id: str, title: str, text: str, *, by: str, at: datetime
) -> CannedAnswer:
    """Raises NotFound; Conflict where another one has this title."""
    answer = CannedAnswer(id=answer_id, title=title, text=text)
    _check_title(connection, answer)
    values = {"title": title, "text": text, "changed_by": by, "changed_at": at}
    changed = connection.execute(update(canned_answer).where(_ONE).values(values), {"answer_id": answer_id})
    if changed.rowcount == 0:
        raise NotFound("no such canned answer")
    return answer


def drop_answer(connection: Connection, answer_id: str) -> None:
    """Raises NotFound."""
    if connection.execute(delete(canned_answer).where(_ONE), {"answer_id": answer_id}).rowcount == 0:
        raise NotFound("no such canned answer")


def _check_title(connection: Connection, answer: CannedAnswer) -> None:
    if connection.execute(_OTHER, {"title": answer.title, "answer_id": answer.id}).first() is not None:
        raise Conflict("another canned answer has this title")

"""Dead letters: rows of the outbox that failed too often, with the reason, until an admin retries or drops them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, tuple_

from bridge.domain.dead_letter import DeadLetter
from bridge.domain.ids import new_id
from bridge.domain.times import iso
from bridge.errors import NotFound
from bridge.store import audits
from bridge.store.paging import place, read_place
from bridge.store.schema import dead_letter, outbox

REASON_LENGTH: Final = 2000

_work = select(outbox).where(outbox.c.id == bindparam("row"))
_finish = delete(outbox).where(outbox.c.id == bindparam("row"))
_letter = select(dead_letter).where(dead_letter.c.id == bindparam("letter"))
_remove = delete(dead_letter).where(dead_letter.c.id == bindparam("letter"))
_page = select(dead_letter).order_by(dead_letter.c.died_at.desc(), dead_letter.c.id.desc())
_same = select(outbox.c.id).where(
    outbox.c.consumer == bindparam("of_consumer"),
    outbox.c.topic == bindparam("of_topic"),
    outbox.c.key == bindparam("of_key"),
)
_at, _id = dead_letter.c.died_at.type, dead_letter.c.id.type


def bury(connection: Connection, work_id: str, reason: str, at: datetime) -> bool:
    """The outbox gives the work up. False when somebody finished it meanwhile."""
    row = connection.execute(_work, {"row": work_id}).one_or_none()
    if row is None:
        return False
    kept = {
        name: getattr(row, name) for name in ("consumer", "topic", "key", "payload", "created_at", "tries")
    }
    letter = {"id": new_id(), **kept, "died_at": at, "reason": reason[:REASON_LENGTH]}
    connection.execute(insert(dead_letter), letter)
    connection.execute(_finish, {"row": work_id})
    return True


def list_letters(
    connection: Connection, *, limit: int, before: str | None = None
) -> tuple[Sequence[DeadLetter], str | None]:
    """Newest first, and the place of the next page, None at the end. Raises InvalidInput for a wrong `before`."""
    page = _page.limit(limit + 1)
    if before is not None:
        at, letter_id = read_place(before)
        page = page.where(
            tuple_(dead_letter.c.died_at, dead_letter.c.id)
            < tuple_(bindparam("at", at, _at), bindparam("last", letter_id, _id))
        )
    rows = connection.execute(page).all()
    shown = rows[:limit]
    after = place(shown[-1].died_at, shown[-1].id) if len(rows) > limit else None
    return [_letter_of(row) for row in shown], after


def get_letter(connection: Connection, letter_id: str) -> DeadLetter:
    """Raises NotFound."""
    return _letter_of(_get(connection, letter_id))


def retry(connection: Connection, letter_id: str, by: str, at: datetime) -> None:
    """It is work again, with all its tries before it; consumers have to be woken. Raises NotFound."""
    row = _get(connection, letter_id)
    same = {"of_consumer": row.consumer, "of_topic": row.topic, "of_key": row.key}
    # The same work may have been asked for again since: then that one is enough.
    if connection.scalar(_same, same) is None:
        kept = {name: getattr(row, name) for name in ("consumer", "topic", "key", "payload", "created_at")}
        again = {"id": new_id(), **kept, "due_at": at, "tries": 0, "failures": 0}
        connection.execute(insert(outbox), again)
    _end(connection, row, "retry", by, at)


def drop(connection: Connection, letter_id: str, by: str, at: datetime) -> None:
    """It will never be done. Raises NotFound."""
    _end(connection, _get(connection, letter_id), "drop", by, at)


def _end(connection: Connection, row: Any, action: str, by: str, at: datetime) -> None:
    connection.execute(_remove, {"letter": row.id})
    detail = {"group": row.consumer, "topic": row.topic, "key": row.key, "reason": row.reason}
    audits.record(connection, by, f"dead_letter.{action}", row.id, at, detail)


def _get(connection: Connection, letter_id: str) -> Any:
    row = connection.execute(_letter, {"letter": letter_id}).one_or_none()
    if row is None:
        raise NotFound("no such dead letter")
    return row


def _letter_of(row: Any) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        group=row.consumer,
        topic=row.topic,
        key=row.key,
        created_at=iso(row.created_at),
        died_at=iso(row.died_at),
        tries=row.tries,
        reason=row.reason,
        payload=row.payload,
    )

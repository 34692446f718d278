"""The feed that desks follow: a row is appended in the transaction of its effect and numbered once by the relay.

The number is the desks' cursor. Rows are kept for a day; the newest is kept for ever, so that numbers never start anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, update

from bridge.store.prepared import PreparedWrite, values_of_columns
from bridge.store.schema import feed


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A numbered row. `topic` is who may see it: all, agent:<id> or role:<least role>."""

    number: int
    type: str
    topic: str
    data: Any
    at: datetime


_APPEND = PreparedWrite(insert(feed).values(values_of_columns(feed, "type", "topic", "data", "at")))
_unnumbered = select(feed.c.id).where(feed.c.number.is_(None)).order_by(feed.c.id).limit(500)
_has_unnumbered = select(exists().where(feed.c.number.is_(None)))
_newest = select(func.coalesce(func.max(feed.c.number), 0))
_bounds = select(func.coalesce(func.min(feed.c.number), 0), func.coalesce(func.max(feed.c.number), 0))
_number = update(feed).where(feed.c.id == bindparam("row")).values(number=bindparam("given"))
_row = (feed.c.number, feed.c.type, feed.c.topic, feed.c.data, feed.c.at)
_after = (
    select(*_row).where(feed.c.number > bindparam("after")).order_by(feed.c.number).limit(bindparam("most"))
)
_notices = select(*_row).where(feed.c.type == "notice", feed.c.number.is_not(None)).order_by(feed.c.id.desc())
_prune = delete(feed).where(
    feed.c.number.is_not(None), feed.c.at < bindparam("before"), feed.c.number < _newest.scalar_subquery()
)


def append(connection: Connection, type_: str, topic: str, data: Any, at: datetime) -> None:
    """`data` is a Struct or plain JSON; the relay has to be woken after the commit."""
    _APPEND.run(connection, type=type_, topic=topic, data=msgspec.to_builtins(data), at=at)


def has_unnumbered(connection: Connection) -> bool:
    return bool(connection.scalar(_has_unnumbered))


def number_rows(connection: Connection) -> list[FeedRow]:
    """Number the next 500 rows at most and give them, in the order of their numbers."""
    ids = list(connection.scalars(_unnumbered))
    if not ids:
        return []
    newest = connection.scalar(_newest) or 0
    connection.execute(_number, [{"row": row, "given": newest + i} for i, row in enumerate(ids, 1)])
    return read_after(connection, newest, len(ids))


def read_after(connection: Connection, after: int, most: int) -> list[FeedRow]:
    """The rows with numbers above `after`, in their order, `most` at most."""
    rows = connection.execute(_after, {"after": after, "most": most})
    return [FeedRow(*row) for row in rows]


def list_notices(connection: Connection, code: str) -> list[FeedRow]:
    """The notices of this code that are kept, newest first."""
    rows = [FeedRow(*row) for row in connection.execute(_notices)]
    return [row for row in rows if row.data["code"] == code]


def bounds(connection: Connection) -> tuple[int, int]:
    """The oldest and the newest number there is; (0, 0) before the first."""
    oldest, newest = connection.execute(_bounds).one()
    return oldest, newest


def prune(connection: Connection, before: datetime) -> int:
    """Drop what is older; returns how many rows."""
    return connection.execute(_prune, {"before": before}).rowcount

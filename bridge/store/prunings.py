"""What is not needed any more: raw bodies of arrivals that are understood, and uploads that were never sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Text, bindparam, cast, delete, exists, func, literal, or_, select, update

from bridge.domain.topic import Group, Topic
from bridge.store import schema
from bridge.store.types import Id, UtcTime

_arrival = schema.arrival
_outbox, _dead = schema.outbox, schema.dead_letter
_upload, _attachment = schema.upload, schema.attachment

_KEY = cast(_arrival.c.id, Text)
# It is to be read still, or was given up and may be tried again.
_IS_WORK = or_(
    exists().where(
        _outbox.c.consumer == Group.RECEIVER, _outbox.c.topic == Topic.RECEIVE, _outbox.c.key == _KEY
    ),
    exists().where(_dead.c.topic == Topic.RECEIVE, _dead.c.key == _KEY),
)
# Their ids are in the order in which they came.
_WALK = (
    select(
        _arrival.c.id,
        (_arrival.c.arrived_at < bindparam("before", type_=UtcTime)).label("is_old"),
        (func.length(_arrival.c.body) > 0).label("has_body"),
        _IS_WORK.label("is_work"),
    )
    .where(_arrival.c.id > bindparam("behind", type_=Id))
    .order_by(_arrival.c.id)
    .limit(bindparam("limit"))
)
_EMPTY = (
    update(_arrival)
    .where(_arrival.c.id.in_(bindparam("ids", expanding=True, type_=Id)), ~_IS_WORK)
    .values(body=b"")
)
_OLD_UPLOADS = (
    select(_upload.c.id, _upload.c.sha256)
    .where(_upload.c.at < bindparam("before", type_=UtcTime))
    .limit(bindparam("limit"))
)
_DROP = delete(_upload).where(_upload.c.id.in_(bindparam("ids", expanding=True, type_=Id)))
_IS_NAMED = select(
    or_(
        *(
            exists(select(literal(1)).where(table.c.sha256 == bindparam("sha256")))
            for table in (_attachment, _upload)
        )
    )
)

FIRST = "00000000-0000-0000-0000-000000000000"
"""Before every id."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """`ids` have a body that may go; `behind` is where to go on, None at the end. `settled`: nothing up to there is work."""

    ids: Sequence[str]
    behind: str | None
    settled: bool


def walk(conn: Connection, behind: str, before: datetime, limit: int) -> Stretch:
    """The next arrivals of before `before`."""
    rows = conn.execute(_WALK, {"behind": behind, "before": before, "limit": limit}).all()
    old = [row for row in rows if row.is_old]
    return Stretch(
        ids=[row.id for row in old if row.has_body and not row.is_work],
        behind=old[-1].id if len(old) == limit else None,
        settled=not any(row.is_work for row in old),
    )


def empty(conn: Connection, ids: Sequence[str]) -> None:
    """The arrivals and their keys stay: what comes again is known for ever. What is work again keeps its body."""
    conn.execute(_EMPTY, {"ids": list(ids)})


def drop_uploads(conn: Connection, before: datetime, limit: int) -> list[str]:
    """Those of before `before` are uploads no longer; the SHA-256 of each."""
    rows = conn.execute(_OLD_UPLOADS, {"before": before, "limit": limit}).all()
    if rows:
        conn.execute(_DROP, {"ids": [row.id for row in rows]})
    return [row.sha256 for row in rows]


def is_named(conn: Connection, sha256: str) -> bool:
    """Whether a file of these bytes belongs to anything."""
    return bool(conn.scalar(_IS_NAMED, {"sha256": sha256}))

"""The outbox: work that follows from what was stored, written in the transaction of its cause.

A row is one group's piece of work. It is deleted in the transaction of its effect, so that the effect happens once,
wherever a process is killed. Who takes a row has it until `due_at`; a row that is due again belongs to a consumer that
died.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, update

from bridge.domain.ids import new_id
from bridge.domain.topic import GROUPS, Group, Topic
from bridge.store.prepared import Prepared, PreparedWrite, values_of_columns
from bridge.store.schema import dead_letter, outbox
from bridge.store.types import Id


@dataclass(frozen=True, slots=True)
class Work:
    """A row that was taken. `tries` counts this one, and so does `failures`, until it is given back."""

    id: str
    topic: Topic
    key: str
    payload: Mapping[str, Any]
    tries: int
    failures: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """`oldest` is when the oldest row was written, None when there is none; `dead` how many letters of the group are."""

    waiting: int
    oldest: datetime | None
    is_due: bool
    dead: int


_KNOWN = Prepared(
    select(outbox.c.id).where(
        outbox.c.consumer == bindparam("of_consumer"),
        outbox.c.topic == bindparam("of_topic"),
        outbox.c.key == bindparam("of_key"),
    )
)
_PUT = PreparedWrite(insert(outbox).values(values_of_columns(outbox, *outbox.c.keys())))
_of_group = outbox.c.consumer == bindparam("of_consumer")
_is_due = outbox.c.due_at <= bindparam("now", type_=outbox.c.due_at.type)
_backlog = select(
    func.count(outbox.c.id).label("waiting"),
    func.min(outbox.c.created_at).label("oldest"),
    exists(select(outbox.c.id).where(_of_group, _is_due)).label("is_due"),
    select(func.count(dead_letter.c.id))
    .where(dead_letter.c.consumer == bindparam("of_consumer"))
    .scalar_subquery()
    .label("dead"),
).where(_of_group)
_HAS_DUE = Prepared(
    select(outbox.c.id)
    .where(
        outbox.c.consumer == bindparam("of_consumer"),
        outbox.c.due_at <= bindparam("now", type_=outbox.c.due_at.type),
    )
    .limit(1)
)
_NEXT = Prepared(select(outbox).where(_of_group, _is_due).order_by(outbox.c.due_at, outbox.c.id).limit(1))
_TAKE = PreparedWrite(
    update(outbox)
    .where(outbox.c.id == bindparam("row", type_=Id))
    .values(
        tries=outbox.c.tries + 1,
        failures=outbox.c.failures + 1,
        due_at=bindparam("until", type_=outbox.c.due_at.type),
        taken=True,
    )
)
_hold = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(due_at=bindparam("until", type_=outbox.c.due_at.type))
)
_wait = _hold.values(taken=False)
_give_back = _wait.values(failures=outbox.c.failures - 1)
_hurry = (
    update(outbox)
    .where(
        outbox.c.topic == bindparam("of_topic"),
        outbox.c.key == bindparam("of_key"),
        outbox.c.due_at > bindparam("now", type_=outbox.c.due_at.type),
        outbox.c.taken.is_(False),
    )
    .values(due_at=bindparam("now", type_=outbox.c.due_at.type))
)
_FINISH = PreparedWrite(delete(outbox).where(outbox.c.id == bindparam("row", type_=Id)))


def put(
    connection: Connection, topic: Topic, key: str, at: datetime, payload: Mapping[str, Any] | None = None
) -> None:
    """Work for every group of `topic`, once per key; the groups have to be woken after the commit."""
    for group in GROUPS[topic]:
        if not _KNOWN.rows(connection, of_consumer=group, of_topic=topic, of_key=key):
            row = {"id": new_id(), "consumer": group, "topic": topic, "key": key, "payload": payload or {}}
            _PUT.run(connection, **row, created_at=at, due_at=at, tries=0, failures=0, taken=False)


def measure(connection: Connection, group: Group, now: datetime) -> Backlog:
    """How much waits for `group`, what it works on included."""
    row = connection.execute(_backlog, {"of_consumer": group, "now": now}).one()
    return Backlog(row.waiting, row.oldest, bool(row.is_due), row.dead)


def has_due(connection: Connection, group: Group, now: datetime) -> bool:
    """Whether `take` would find something: costs the same however much waits."""
    return bool(_HAS_DUE.rows(connection, of_consumer=group, now=now))


def take(connection: Connection, group: Group, now: datetime, until: datetime) -> Work | None:
    """The row that is due longest, kept from the others until `until`."""
    rows = _NEXT.rows(connection, of_consumer=group, now=now)
    if not rows:
        return None
    (row,) = rows
    _TAKE.run(connection, row=row.id, until=until)
    return Work(row.id, Topic(row.topic), row.key, row.payload, row.tries + 1, row.failures + 1)


def hold(connection: Connection, work_id: str, until: datetime) -> None:
    """Nobody takes it before `until`: its consumer is still at it."""
    connection.execute(_hold, {"row": work_id, "until": until})


def wait(connection: Connection, work_id: str, until: datetime) -> None:
    """It failed, and is tried again then."""
    connection.execute(_wait, {"row": work_id, "until": until})


def hurry(connection: Connection, topic: Topic, key: str, now: datetime) -> None:
    """A person asks for it: what only waits until it is tried again is due at once. Consumers have to be woken."""
    connection.execute(_hurry, {"of_topic": topic, "of_key": key, "now": now})


def give_back(connection: Connection, work_id: str, until: datetime) -> None:
    """Like `wait`, and the try was no failure: something else was away, or its consumer was stopped."""
    connection.execute(_give_back, {"row": work_id, "until": until})


def finish(connection: Connection, work_id: str) -> bool:
    """In the transaction of the effect. False when somebody else finished it: there must be no effect then."""
    return _FINISH.run(connection, row=work_id) == 1

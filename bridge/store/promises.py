"""What we said we would do, and whether it is done. Every state is also an entry on the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, literal_column, select, update

from bridge.domain.ids import new_id
from bridge.domain.matter import Promise, PromiseState, Thing
from bridge.domain.times import iso, iso_or_none
from bridge.errors import NotFound
from bridge.store import schema
from bridge.store.leaves import ranges, values_of
from bridge.store.prepared import Prepared

_promise = schema.promise
_link = schema.matter_link
_agent = schema.agent


def _shown(promise: Any) -> Select[Any]:
    linked = (_link.c.thing == Thing.PROMISE.value) & (_link.c.thing_id == promise.c.id)
    names = ("id", "customer_id", "text", "state", "made_at", "due_at", "call_id")
    return (
        select(*(promise.c[name] for name in names), _agent.c.name.label("made_by"), _link.c.matter_id)
        .select_from(promise)
        .join(_agent, _agent.c.id == promise.c.made_by)
        .outerjoin(_link, linked & _link.c.removed_at.is_(None))
    )


# Said literally, or SQLite does not see that the partial index holds them all.
_IS_OPEN = _promise.c.state == literal_column("'open'")
_GET = _shown(_promise).where(_promise.c.id == bindparam("promise_id"))
_FINISH = (
    update(_promise)
    .where(_promise.c.id == bindparam("promise_id"), _IS_OPEN)
    .values(state=bindparam("new_state"), done_at=bindparam("at"))
)


@lru_cache(maxsize=64)
def _open(leaves: int) -> Prepared:
    found = ranges(leaves, lambda leaf: select(_promise).where(_promise.c.customer_id == leaf, _IS_OPEN))
    # Those without a time come last, on both engines.
    return Prepared(_shown(found).order_by(found.c.due_at.is_(None), found.c.due_at, found.c.id))


def make(
    conn: Connection,
    customer_id: str,
    *,
    text: str,
    by: str,
    at: datetime,
    due_at: datetime | None,
    call_id: str | None,
) -> str:
    """A new open promise of the agent `by` to a leaf; its id."""
    promise_id = new_id()
    row = {"id": promise_id, "customer_id": customer_id, "text": text, "state": PromiseState.OPEN.value}
    conn.execute(
        insert(_promise), {**row, "made_by": by, "made_at": at, "due_at": due_at, "call_id": call_id}
    )
    return promise_id


def finish(conn: Connection, promise_id: str, state: PromiseState, at: datetime) -> bool:
    """Keep or drop an open promise; False when it is not open any more."""
    values = {"promise_id": promise_id, "new_state": state.value, "at": at}
    return conn.execute(_FINISH, values).rowcount == 1


def get_promise(conn: Connection, promise_id: str) -> Promise:
    """Raises NotFound."""
    row = conn.execute(_GET, {"promise_id": promise_id}).one_or_none()
    if row is None:
        raise NotFound("no such promise")
    return _promise_of(row)


def list_open(conn: Connection, leaves: Sequence[str]) -> list[Promise]:
    """What is not kept yet, the first due first. One query."""
    return [_promise_of(row) for row in _open(len(leaves)).rows(conn, **values_of(leaves))] if leaves else []


def _promise_of(row: Any) -> Promise:
    return Promise(
        id=row.id,
        customer_id=row.customer_id,
        text=row.text,
        state=PromiseState(row.state),
        made_by=row.made_by,
        made_at=iso(row.made_at),
        due_at=iso_or_none(row.due_at),
        matter_id=row.matter_id,
        call_id=row.call_id,
    )

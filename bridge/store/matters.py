"""Matters and what they are made of: at most one live link for each thing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, func, insert, select, update

from bridge.domain.ids import new_id
from bridge.domain.matter import Matter, MatterLink, MatterState, Rule, Thing
from bridge.domain.times import iso
from bridge.errors import NotFound
from bridge.store import schema
from bridge.store.leaves import ranges, values_of
from bridge.store.prepared import Prepared, PreparedWrite, values_of_columns
from bridge.store.types import Id, UtcTime

_matter = schema.matter
_link = schema.matter_link
_call = schema.call
_conversation = schema.conversation
_order = schema.shop_order
_promise = schema.promise

_SETTLED = MatterState.SETTLED.value


def _whole(matter: Any) -> Select[Any]:
    """Rows of a matter with one of its live links each, and what the link is about."""
    about = func.coalesce(_call.c.caller, _conversation.c.subject, _order.c.number, _promise.c.text, "")

    def joins(table: Any, thing: Thing) -> Any:
        return (_link.c.thing == thing.value) & (table.c.id == _link.c.thing_id)

    linked = {
        name: _link.c[name].label(f"link_{name}") for name in ("id", "thing", "thing_id", "rule", "by", "at")
    }
    names = ("id", "customer_id", "title", "state", "opened_at", "touched_at")
    return (
        select(*(matter.c[name] for name in names), *linked.values(), about.label("about"))
        .select_from(matter)
        .outerjoin(_link, (_link.c.matter_id == matter.c.id) & _link.c.removed_at.is_(None))
        .outerjoin(_call, joins(_call, Thing.CALL))
        .outerjoin(_conversation, joins(_conversation, Thing.CONVERSATION))
        .outerjoin(_order, joins(_order, Thing.ORDER))
        .outerjoin(_promise, joins(_promise, Thing.PROMISE))
    )


@lru_cache(maxsize=64)
def _newest(leaves: int) -> Prepared:
    found = ranges(
        leaves,
        lambda leaf: (
            select(_matter)
            .where(_matter.c.customer_id == leaf)
            .order_by(_matter.c.touched_at.desc())
            .limit(bindparam("limit"))
        ),
    )
    settled_last = case((found.c.state == _SETTLED, 1), else_=0)
    return Prepared(_whole(found).order_by(settled_last, found.c.touched_at.desc(), found.c.id, _link.c.id))


@lru_cache(maxsize=64)
def _unsettled(leaves: int) -> Prepared:
    since = bindparam("since", type_=UtcTime)
    found = ranges(
        leaves,
        lambda leaf: select(_matter.c.id, _matter.c.state).where(
            _matter.c.customer_id == leaf, _matter.c.touched_at >= since
        ),
    )
    return Prepared(select(found.c.id).where(found.c.state != _SETTLED).limit(2))


_GET = _whole(_matter).where(_matter.c.id == bindparam("matter_id")).order_by(_link.c.id)
_MAKE = PreparedWrite(
    insert(_matter).values(
        values_of_columns(
            _matter, "id", "customer_id", "title", "state", "made_by", "opened_at", "touched_at"
        )
    )
)
_ADD = PreparedWrite(
    insert(_link).values(values_of_columns(_link, "id", "matter_id", "thing", "thing_id", "rule", "by", "at"))
)
_LIVE_LINK = Prepared(
    select(_link.c.id, _link.c.matter_id, _link.c.thing_id, _link.c.rule).where(
        _link.c.thing == bindparam("of_thing"),
        _link.c.thing_id == bindparam("of_id", type_=Id),
        _link.c.removed_at.is_(None),
    )
)
_COUNT = select(func.count()).where(_link.c.matter_id == bindparam("of_matter"), _link.c.removed_at.is_(None))
_REMOVE = (
    update(_link)
    .where(_link.c.id == bindparam("link_id"), _link.c.removed_at.is_(None))
    .values(removed_at=bindparam("when", type_=UtcTime))
)
_TOUCH = PreparedWrite(
    update(_matter)
    .where(
        _matter.c.id == bindparam("matter_id", type_=Id),
        _matter.c.touched_at < bindparam("when", type_=UtcTime),
    )
    .values(touched_at=bindparam("when", type_=UtcTime))
)


def make(conn: Connection, customer_id: str, *, title: str, by: str, at: datetime) -> str:
    """A new open matter of a leaf; its id."""
    matter_id = new_id()
    row = {"id": matter_id, "customer_id": customer_id, "title": title, "state": MatterState.OPEN.value}
    _MAKE.run(conn, **row, made_by=by, opened_at=at, touched_at=at)
    return matter_id


def change(
    conn: Connection,
    matter_id: str,
    *,
    at: datetime,
    title: str | None = None,
    state: MatterState | None = None,
    customer_id: str | None = None,
) -> None:
    """Change what is given."""
    values: dict[str, Any] = {}
    if title is not None:
        values["title"] = title
    if customer_id is not None:
        values["customer_id"] = customer_id
    if state is not None:
        values |= {"state": state.value, "settled_at": at if state is MatterState.SETTLED else None}
    conn.execute(update(_matter).where(_matter.c.id == matter_id).values(values))


def touch(conn: Connection, matter_id: str, at: datetime) -> None:
    """Something of it happened at `at`."""
    _TOUCH.run(conn, matter_id=matter_id, when=at)


def get_matter(conn: Connection, matter_id: str) -> Matter:
    """Raises NotFound."""
    found = _folded(conn.execute(_GET, {"matter_id": matter_id}))
    if not found:
        raise NotFound("no such matter")
    return found[0]


def list_matters(conn: Connection, leaves: Sequence[str], *, limit: int = 20) -> list[Matter]:
    """The `limit` matters of each leaf that were touched last: those that are not settled first. One query."""
    return _folded(_newest(len(leaves)).rows(conn, limit=limit, **values_of(leaves))) if leaves else []


def find_only_open(conn: Connection, leaves: Sequence[str], since: datetime) -> str | None:
    """The one matter that is not settled and was touched since then; None when there is none, or more than one."""
    rows = _unsettled(len(leaves)).rows(conn, since=since, **values_of(leaves))
    return rows[0].id if len(rows) == 1 else None


def link(
    conn: Connection, matter_id: str, thing: Thing, thing_id: str, *, rule: Rule, by: str, at: datetime
) -> None:
    """Put a thing into a matter; it leaves the one that it was in."""
    known = find_link(conn, thing, thing_id)
    if known is not None:
        if known.matter_id == matter_id:
            return
        unlink(conn, known.id, at)
    row = {"id": new_id(), "matter_id": matter_id, "thing": thing.value, "thing_id": thing_id}
    _ADD.run(conn, **row, rule=rule.value, by=by, at=at)
    touch(conn, matter_id, at)


def unlink(conn: Connection, link_id: str, at: datetime) -> bool:
    """Take a thing out of its matter; False when it was out already."""
    return conn.execute(_REMOVE, {"link_id": link_id, "when": at}).rowcount == 1


def find_link(conn: Connection, thing: Thing, thing_id: str) -> Any | None:
    """The live link's row: id, matter_id, rule."""
    rows = _LIVE_LINK.rows(conn, of_thing=thing.value, of_id=thing_id)
    return rows[0] if rows else None


def count_links(conn: Connection, matter_id: str) -> int:
    """How many things are in the matter."""
    return conn.scalar(_COUNT, {"of_matter": matter_id}) or 0


def _folded(rows: Iterable[Any]) -> list[Matter]:
    """Matters in the order of their first rows."""
    found: dict[str, Matter] = {}
    for row in rows:
        known = found.get(row.id)
        if known is None:
            known = found[row.id] = Matter(
                id=row.id,
                customer_id=row.customer_id,
                title=row.title,
                state=MatterState(row.state),
                opened_at=iso(row.opened_at),
                touched_at=iso(row.touched_at),
                links=[],
            )
        if row.link_id is not None:
            known.links.append(_link_of(row))
    return list(found.values())


def _link_of(row: Any) -> MatterLink:
    return MatterLink(
        id=row.link_id,
        thing=Thing(row.link_thing),
        thing_id=row.link_thing_id,
        rule=Rule(row.link_rule),
        by=row.link_by,
        at=iso(row.link_at),
        about=row.about,
    )

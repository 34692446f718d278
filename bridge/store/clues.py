"""What tells the people behind a shared number apart: the first kind of clue that differs between them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, bindparam, or_, select

from bridge.domain.customer import Candidate, Clue, ClueKind
from bridge.domain.order import FINISHED
from bridge.store import schema
from bridge.store.leaves import leaves_of
from bridge.store.prepared import Prepared
from bridge.store.types import Id

MOST = 4
"""People that one question can tell apart; the newest encounters are asked about."""
_LONGEST = 60

_order = schema.shop_order
_call = schema.call
_wrap_up = schema.wrap_up
_ours = leaves_of(bindparam("person", type_=Id))

_ORDERS = Prepared(
    select(_order.c.number, _order.c.status, _order.c["items"], _order.c.delivery)
    .where(_order.c.customer_id.in_(_ours))
    .order_by(_order.c.status_at.desc(), _order.c.id.desc())
    .limit(10)
)
# Other dispositions say nothing of what the call was about.
_LAST_CALL = Prepared(
    select(_wrap_up.c.disposition)
    .join(_call, _call.c.id == _wrap_up.c.call_id)
    .where(
        _call.c.customer_id.in_(_ours),
        or_(*(_wrap_up.c.disposition == code for code in ("resolved", "follow_up", "order_taken"))),
    )
    .order_by(_call.c.started_at.desc())
    .limit(1)
)


def with_clues(conn: Connection, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The same people; the first of them, if there are two or more, with the clue that tells them apart, if there is one."""
    asked = candidates[:MOST] if len(candidates) > 1 else []
    known = [_facts(conn, one.id) for one in asked]
    for kind in ClueKind:
        values = [facts[kind] for facts in known if kind in facts]
        if len(values) > 1 and len({value.casefold() for value in values}) == len(values):
            told = [
                msgspec.structs.replace(one, clue=Clue(kind, facts[kind])) if kind in facts else one
                for one, facts in zip(asked, known, strict=True)
            ]
            return [*told, *candidates[MOST:]]
    return list(candidates)


def _facts(conn: Connection, person: str) -> dict[ClueKind, str]:
    orders = _ORDERS.rows(conn, person=person)
    last_call = _LAST_CALL.rows(conn, person=person)
    found: dict[ClueKind, str | None] = {
        ClueKind.ORDER: orders[0].number if orders else None,
        ClueKind.CALL: last_call[0].disposition if last_call else None,
    }
    opened = next((order for order in orders if order.status not in FINISHED), None)
    if opened is not None:
        place = opened.delivery or {}
        found[ClueKind.ADDRESS], found[ClueKind.CITY] = place.get("address"), place.get("city")
        found[ClueKind.ITEM] = opened.items[0]["name"] if opened.items else None
    return {kind: value[:_LONGEST] for kind, value in found.items() if value}

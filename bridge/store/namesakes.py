"""Customers of the same name who share something else: an organisation, or the city that their orders go to."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from bridge.store import schema
from bridge.store.leaves import leaves_of
from bridge.store.prepared import Prepared
from bridge.store.types import Id

MOST = 20
"""A name that more have is nobody's mark."""

_customer = schema.customer
_belonging = schema.belonging
_theirs = schema.belonging.alias("theirs")
_order = schema.shop_order

_NAME = Prepared(select(_customer.c.folded_name).where(_customer.c.id == bindparam("leaf_id")))
_NAMESAKES = (
    select(_customer.c.id)
    .where(_customer.c.folded_name == bindparam("name"), _customer.c.id != bindparam("leaf_id"))
    .order_by(_customer.c.id)
    .limit(MOST)
)
_IN_THE_SAME = Prepared(
    select(_customer.c.id, _belonging.c.group_id)
    .join_from(_customer, _theirs, _theirs.c.person_id == _customer.c.id)
    .join(_belonging, _belonging.c.group_id == _theirs.c.group_id)
    .where(
        _customer.c.id.in_(_NAMESAKES),
        _belonging.c.person_id.in_(leaves_of(bindparam("leaf_id", type_=Id))),
        _theirs.c.ended_at.is_(None),
        _belonging.c.ended_at.is_(None),
    )
)
_DELIVERIES = Prepared(
    select(_order.c.customer_id, _order.c.delivery)
    .where(_order.c.customer_id.in_(_NAMESAKES), _order.c.delivery.is_not(None))
    .order_by(_order.c.status_at.desc())
    .limit(100)
)


def in_the_same_group(conn: Connection, leaf_id: str) -> list[tuple[str, str]]:
    """(leaf, group) of namesakes in a group of the leaf's."""
    name = _full_name(conn, leaf_id)
    rows = _IN_THE_SAME.rows(conn, name=name, leaf_id=leaf_id) if name else []
    return [(row.id, row.group_id) for row in rows]


def in_the_same_city(conn: Connection, leaf_id: str, city: str) -> list[str]:
    """Leaves of namesakes who had something sent to the same city."""
    name = _full_name(conn, leaf_id)
    rows = _DELIVERIES.rows(conn, name=name, leaf_id=leaf_id) if name else []
    there = {row.customer_id for row in rows if row.delivery.get("city", "").casefold() == city.casefold()}
    return sorted(there)


def _full_name(conn: Connection, leaf_id: str) -> str | None:
    """None for what is no name of a person with a first and a last one: "Anna", an address, a number."""
    name: str = _NAME.rows(conn, leaf_id=leaf_id)[0].folded_name
    words = [word for word in name.split() if any(letter.isalpha() for letter in word)]
    return name if len(words) > 1 and "@" not in name else None

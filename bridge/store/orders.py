"""Orders and carts of the shop: the newest status of each. Every status is also an entry on the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from bridge.domain.ids import new_id
from bridge.domain.order import NewStatus, Order, OrderItem, OrderPlace, OrderStatus
from bridge.domain.times import iso
from bridge.errors import NotFound
from bridge.store import schema
from bridge.store.leaves import ranges, values_of
from bridge.store.prepared import Prepared
from bridge.store.types import Id

_order = schema.shop_order


@dataclass(frozen=True, slots=True)
class LeftCart:
    """`customer_id` is the leaf that it belongs to."""

    customer_id: str
    status: NewStatus


_FIND = select(_order.c.id, _order.c.status_at, _order.c.customer_id).where(
    _order.c.shop == bindparam("shop"), _order.c.number == bindparam("number")
)
_OWNER = select(_order.c.customer_id).where(_order.c.id == bindparam("order_id"))
_CHANGE = (
    update(_order)
    .where(_order.c.id == bindparam("order_id"))
    .values(
        {
            column: bindparam(f"new_{column}")
            for column in ("status", "status_at", "total", "currency", "items", "url", "delivery")
        }
    )
)

# The literal is that of the index.
_LEFT = (
    select(_order)
    .where(text("status = 'cart' AND shop <> ''"), _order.c.status_at < bindparam("before"))
    .order_by(_order.c.status_at)
    .limit(bindparam("limit"))
)
_LAST_CURRENCY = select(_order.c.currency).order_by(_order.c.id.desc()).limit(1)
_COUNT = select(func.count()).where(_order.c.customer_id.in_(bindparam("leaves", expanding=True, type_=Id)))


def find_customer_of(conn: Connection, shop: str, number: str) -> str | None:
    """The leaf that an order is known to belong to."""
    row = conn.execute(_FIND, {"shop": shop, "number": number}).one_or_none()
    found: str | None = None if row is None else row.customer_id
    return found


def get_id(conn: Connection, shop: str, number: str) -> str:
    """Raises NotFound."""
    row = conn.execute(_FIND, {"shop": shop, "number": number}).one_or_none()
    if row is None:
        raise NotFound("no such order")
    found: str = row.id
    return found


def get_customer_of(conn: Connection, order_id: str) -> str:
    """The leaf that an order of ours belongs to. Raises NotFound."""
    found: str | None = conn.scalar(_OWNER, {"order_id": order_id})
    if found is None:
        raise NotFound("no such order")
    return found


def save_status(conn: Connection, customer_id: str, new: NewStatus) -> str:
    """Make the order say `new`, unless it says something newer already; the order's id.

    An order stays with the customer that it was first seen with.
    """
    values = _values_of(new)
    row = conn.execute(_FIND, {"shop": new.shop, "number": new.number}).one_or_none()
    if row is not None:
        if row.status_at <= new.at:
            _change(conn, row.id, values)
        known: str = row.id
        return known
    order_id = new_id()
    conn.execute(
        insert(_order),
        {
            "id": order_id,
            "shop": new.shop,
            "number": new.number,
            "customer_id": customer_id,
            "created_at": new.at,
            **values,
        },
    )
    return order_id


def change_status(conn: Connection, new: NewStatus) -> bool:
    """Make a known order say `new` if that is newer than what it says: whether it was. Never twice for the same."""
    row = conn.execute(_FIND, {"shop": new.shop, "number": new.number}).one_or_none()
    if row is None or row.status_at >= new.at:
        return False
    _change(conn, row.id, _values_of(new))
    return True


def list_left_carts(conn: Connection, before: datetime, limit: int) -> list[LeftCart]:
    """Carts of a shop's inbox that have not changed since `before`, the oldest first. Imported ones are the past."""
    rows = conn.execute(_LEFT, {"before": before, "limit": limit})
    return [
        LeftCart(
            row.customer_id,
            NewStatus(
                shop=row.shop,
                number=row.number,
                status=OrderStatus(row.status),
                at=row.status_at,
                total=row.total,
                currency=row.currency,
                items=msgspec.convert(row.items, tuple[OrderItem, ...]),
                url=row.url,
                delivery=msgspec.convert(row.delivery, OrderPlace | None),
            ),
        )
        for row in rows
    ]


def _values_of(new: NewStatus) -> dict[str, Any]:
    return {
        "status": new.status,
        "status_at": new.at,
        "total": new.total,
        "currency": new.currency,
        "items": msgspec.to_builtins(new.items),
        "url": new.url,
        "delivery": msgspec.to_builtins(new.delivery),
    }


def _change(conn: Connection, order_id: str, values: dict[str, Any]) -> None:
    changes = {f"new_{column}": value for column, value in values.items()}
    conn.execute(_CHANGE, {"order_id": order_id, **changes})


@lru_cache(maxsize=64)
def _newest(leaves: int) -> Prepared:
    order = ranges(
        leaves,
        lambda leaf: (
            select(_order)
            .where(_order.c.customer_id == leaf)
            .order_by(_order.c.status_at.desc())
            .limit(bindparam("limit"))
        ),
    )
    return Prepared(
        select(order).order_by(order.c.status_at.desc(), order.c.id.desc()).limit(bindparam("limit"))
    )


def list_orders(conn: Connection, leaves: Sequence[str], *, limit: int = 20) -> list[Order]:
    """Orders and carts of the given leaves, newest status first. One query."""
    if not leaves:
        return []
    rows = _newest(len(leaves)).rows(conn, limit=limit, **values_of(leaves))
    return [_order_of(row) for row in rows]


def find_last_currency(conn: Connection) -> str | None:
    """That of the order that came last, whoever's it is; None while there is none."""
    found: str | None = conn.scalar(_LAST_CURRENCY)
    return found


def count_orders(conn: Connection, leaves: Sequence[str]) -> int:
    return conn.execute(_COUNT, {"leaves": list(leaves)}).scalar_one()


def _order_of(row: Any) -> Order:
    return Order(
        id=row.id,
        shop=row.shop,
        order=row.number,
        status=OrderStatus(row.status),
        at=iso(row.status_at),
        total=row.total,
        currency=row.currency,
        items=msgspec.convert(row.items, list[OrderItem]),
        url=row.url,
        delivery=msgspec.convert(row.delivery, OrderPlace | None),
    )

"""What agents have asked a shop to order or to change, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from bridge.domain.order import OrderItem, OrderRequest, OrderStatus, RequestState
from bridge.domain.times import iso
from bridge.store import schema
from bridge.store.types import Id

_request = schema.order_request


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with what is not the agents' to see: whose it is, the leaf, and the key of the request."""

    customer_id: str
    key: str
    request: OrderRequest


_BY_ID = select(_request).where(_request.c.id == bindparam("request_id", type_=Id))
_BY_KEY = select(_request).where(_request.c.key == bindparam("key"))
_OF = (
    select(_request)
    .where(_request.c.customer_id.in_(bindparam("leaves", expanding=True, type_=Id)))
    .order_by(_request.c.id.desc())
)


def add(conn: Connection, asked: Asked, at: datetime) -> None:
    given = msgspec.to_builtins(asked.request) | {"at": at}
    conn.execute(insert(_request), {**given, "customer_id": asked.customer_id, "key": asked.key})


def find_request(conn: Connection, request_id: str) -> Asked | None:
    row = conn.execute(_BY_ID, {"request_id": request_id}).one_or_none()
    return None if row is None else Asked(row.customer_id, row.key, _request_of(row))


def find_by_key(conn: Connection, key: str) -> OrderRequest | None:
    row = conn.execute(_BY_KEY, {"key": key}).one_or_none()
    return None if row is None else _request_of(row)


def list_requests(conn: Connection, leaves: Sequence[str]) -> list[OrderRequest]:
    """Of these leaves, the newest first."""
    return [_request_of(row) for row in conn.execute(_OF, {"leaves": list(leaves)})]


def set_state(
    conn: Connection, request_id: str, state: RequestState, *, order: str | None = None, reason: str = ""
) -> None:
    """`order` is the number that it has got, None where that has not changed."""
    values: dict[str, Any] = {"state": state, "reason": reason} | ({"order": order} if order else {})
    changed = update(_request).where(_request.c.id == bindparam("request_id", type_=Id))
    conn.execute(changed.values(values), {"request_id": request_id})


def _request_of(row: Any) -> OrderRequest:
    return OrderRequest(
        id=row.id,
        shop=row.shop,
        order=row.order,
        state=RequestState(row.state),
        reason=row.reason,
        items=msgspec.convert(row.items, list[OrderItem]),
        total=row.total,
        currency=row.currency,
        status=None if row.status is None else OrderStatus(row.status),
        comment=row.comment,
        by=row.by,
        at=iso(row.at),
    )

"""The parts of a delivery whose channel takes it as several messages: each is sent, and fares, by itself.

What is known of all of them is the delivery's state. `delivery.parts` and `parts_sent` count them, for those who only show
them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from bridge.domain.delivery import DeliveryState, least
from bridge.store import schema
from bridge.store.types import Id

_delivery = schema.delivery
_part = schema.delivery_part
_conversation = schema.conversation

_of_delivery = _part.c.delivery_id == bindparam("of_delivery", type_=Id)
_ALL = select(_part).where(_of_delivery).order_by(_part.c.number)
_NOT_SENT = (DeliveryState.ACCEPTED, DeliveryState.FAILED)
_COUNT = select(func.count()).where(_of_delivery, _part.c.state.not_in(_NOT_SENT)).select_from(_part)
_CHANGE = update(_part).where(_of_delivery, _part.c.number == bindparam("of_number"))
_AGAIN = (
    update(_part)
    .where(_of_delivery, _part.c.state == DeliveryState.FAILED)
    .values(state=DeliveryState.ACCEPTED, reason="")
)
# Apart from that of whole deliveries, which would not use its index beside this one's.
_SENT = (
    select(_part.c.delivery_id)
    .join(_delivery, _delivery.c.id == _part.c.delivery_id)
    .join(_conversation, _conversation.c.id == _delivery.c.conversation_id)
    .where(
        _part.c.provider_key == bindparam("sent_as"),
        _conversation.c.inbox_id == bindparam("inbox_id", type_=Id),
    )
    .limit(1)
)
_COUNTED = update(_delivery).where(_delivery.c.id == bindparam("delivery_id", type_=Id))


def plan(conn: Connection, delivery_id: str, count: int) -> list[int]:
    """The numbers of the parts that are to be sent, of `count`; those that the provider has are not among them."""
    known = conn.execute(_ALL, {"of_delivery": delivery_id}).all()
    if not known:
        rows = [
            {"delivery_id": delivery_id, "number": number, "state": DeliveryState.ACCEPTED}
            for number in range(count)
        ]
        conn.execute(insert(_part), rows)
        conn.execute(_COUNTED.values(parts=count), {"delivery_id": delivery_id})
        return list(range(count))
    return [row.number for row in known if row.state == DeliveryState.ACCEPTED]


def send_again(conn: Connection, delivery_id: str) -> None:
    """What failed is to be sent once more."""
    conn.execute(_AGAIN, {"of_delivery": delivery_id})


def find_sent(conn: Connection, inbox_id: str, provider_key: str) -> str | None:
    """The delivery of this inbox that a part of this name belongs to."""
    found: str | None = conn.scalar(_SENT, {"inbox_id": inbox_id, "sent_as": provider_key})
    return found


def take(conn: Connection, delivery_id: str, number: int, provider_key: str) -> None:
    """The provider has taken a part, and may have told more of it already."""
    row = _find(conn, delivery_id, number=number, provider_key=provider_key)
    if row is not None and row.provider_key != provider_key:
        _set(conn, delivery_id, number, DeliveryState.SENT, provider_key)


def hear(
    conn: Connection,
    delivery_id: str,
    number: int | None,
    provider_key: str,
    state: DeliveryState,
    reason: str,
) -> bool | None:
    """What the provider says of a part, known by our number or by its name: whether that is news; None of no part.

    A failure counts of the message that is known by this name, unless that is to be sent once more.
    """
    row = _find(conn, delivery_id, number=number, provider_key=provider_key)
    if row is None:
        return None
    known, was = row.provider_key, DeliveryState(row.state)
    is_over = known is not None and (known != provider_key or was is DeliveryState.ACCEPTED)
    if not state.follows(was) or (state is DeliveryState.FAILED and is_over):
        return False
    _set(conn, delivery_id, row.number, state, provider_key, reason)
    return True


def together(conn: Connection, delivery_id: str) -> tuple[DeliveryState, str] | None:
    """What can be said of the whole, and why: None while a part is still to be sent, or where it has no parts."""
    rows = conn.execute(_ALL, {"of_delivery": delivery_id}).all()
    states = [DeliveryState(row.state) for row in rows]
    if not states or DeliveryState.ACCEPTED in states:
        return None
    return least(states), next((row.reason for row in rows if row.reason), "")


def _find(conn: Connection, delivery_id: str, *, number: int | None, provider_key: str) -> Any:
    rows = conn.execute(_ALL, {"of_delivery": delivery_id}).all()
    return next((row for row in rows if row.number == number or row.provider_key == provider_key), None)


def _set(
    conn: Connection,
    delivery_id: str,
    number: int,
    state: DeliveryState,
    provider_key: str,
    reason: str = "",
) -> None:
    values = {"state": state, "provider_key": provider_key, "reason": reason}
    conn.execute(_CHANGE.values(values), {"of_delivery": delivery_id, "of_number": number})
    sent = conn.scalar(_COUNT, {"of_delivery": delivery_id})
    conn.execute(_COUNTED.values(parts_sent=sent), {"delivery_id": delivery_id})

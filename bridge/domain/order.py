"""An order or a cart in the shop."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import msgspec

from bridge.domain.customer import Identity


class OrderStatus(enum.StrEnum):
    CART = "cart"
    ABANDONED = "abandoned"
    UNPAID = "unpaid"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


FINISHED = (OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.REFUNDED)
"""Nothing more happens to an order that is one of these."""


class OrderItem(msgspec.Struct, frozen=True):
    """`price` in minor units of the order's currency, for one piece."""

    sku: str
    name: str
    quantity: int
    price: int


class OrderPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order goes to, as the shop has it: `address` is street and house."""

    city: str = ""
    address: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """`total` in minor units, `currency` ISO 4217, `at` the time of the status (ISO 8601).

    `shop` is the key of the inbox that told of it, "" for an imported one.
    """

    id: str
    shop: str
    order: str
    status: OrderStatus
    at: str
    total: int
    currency: str
    items: list[OrderItem] = []
    url: str | None = None
    delivery: OrderPlace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStatus:
    """What the shop says of an order at `at`. `shop` is its inbox key, "" for an import; `total` in minor units."""

    shop: str
    number: str
    status: OrderStatus
    at: datetime
    total: int
    currency: str
    items: tuple[OrderItem, ...] = ()
    url: str | None = None
    delivery: OrderPlace | None = None


class OrderUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A status with the buyer's addresses in canonical form, the phone first."""

    status: NewStatus
    identities: tuple[Identity, ...]


MOST: Final = 10**15
Minor = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
"""Money in minor units."""


class BuyerAddresses(msgspec.Struct, frozen=True, omit_defaults=True):
    """By what a shop knows whose an order is."""

    phone: str | None = None
    email: str | None = None


class AskedItem(OrderItem, frozen=True):
    """What an agent orders: at least one piece, and nothing below nought."""

    sku: Annotated[str, msgspec.Meta(max_length=100)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=10**6)]
    price: Minor


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent asks of the `shop` (its inbox key): a new order, or that the one of the number `order` is this now.

    `total` in minor units, by default that of the items; `currency` ISO 4217; `status` null leaves it to the shop.
    """

    shop: Annotated[str, msgspec.Meta(min_length=1, max_length=63)]
    items: Annotated[list[AskedItem], msgspec.Meta(min_length=1, max_length=200)]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    order: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    total: Minor | None = None
    status: OrderStatus | None = None
    comment: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class RequestState(enum.StrEnum):
    WAITING = "waiting"
    """The shop has not answered yet."""
    PLACED = "placed"
    REFUSED = "refused"
    """The shop does not take it, and says why."""


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`order` is the number, null until a new one has got it; `status` as the agent wants it, null where the shop decides.

    `by` is the agent's name, `reason` the shop's words.
    """

    id: str
    shop: str
    order: str | None
    state: RequestState
    items: Sequence[OrderItem]
    total: int
    currency: str
    by: str
    at: str
    status: OrderStatus | None = None
    comment: str = ""
    reason: str = ""

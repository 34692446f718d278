"""An order or a cart in the shop."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

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
    """`total` in minor units, `currency` ISO 4217, `at` the time of the status (ISO 8601)."""

    id: str
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

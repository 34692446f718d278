"""What customers bought and want settled, and what we promised them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bridge.store.schema.base import metadata
from bridge.store.types import Id, UtcTime

_IS_LIVE_CART = text("status = 'cart' AND shop <> ''")

shop_order = Table(
    "shop_order",
    metadata,
    Column("id", Id, primary_key=True),
    Column("shop", Text, nullable=False, server_default=""),  # the shop's inbox key; '' for imported ones
    Column("number", Text, nullable=False),
    Column("customer_id", Id, ForeignKey("customer.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("status_at", UtcTime, nullable=False),
    Column("total", BigInteger, nullable=False),  # minor units
    Column("currency", String(3), nullable=False),
    Column("items", JSON, nullable=False),
    Column("url", Text),
    Column("delivery", JSON(none_as_null=True)),  # {city, address}: where it goes to
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("shop", "number"),
    Index("ix_shop_order_customer", "customer_id", "status_at"),
    # The carts that may be left behind by now.
    Index("ix_shop_order_cart", "status_at", sqlite_where=_IS_LIVE_CART, postgresql_where=_IS_LIVE_CART),
    CheckConstraint(
        "status IN ('cart','abandoned','unpaid','paid','shipped','delivered','cancelled','refunded')",
        name="status",
    ),
)

# What an agent has asked a shop to order or to change.
order_request = Table(
    "order_request",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # <agent id>/<the agent's own key>
    Column(
        "customer_id", Id, ForeignKey("customer.id"), nullable=False, index=True
    ),  # the leaf as it was given
    Column("shop", Text, nullable=False),
    Column("order", Text),  # its number; NULL until a new one has got it
    Column("state", String(16), nullable=False),  # waiting | placed | refused
    Column("reason", Text, nullable=False),
    Column("items", JSON, nullable=False),
    Column("total", BigInteger, nullable=False),  # minor units
    Column("currency", String(3), nullable=False),
    Column("status", String(16)),  # as the agent wants it; NULL leaves it to the shop
    Column("comment", Text, nullable=False),
    Column("by", Text, nullable=False),  # the agent's name
    Column("at", UtcTime, nullable=False),
)

matter = Table(
    "matter",
    metadata,
    Column("id", Id, primary_key=True),
    # A leaf. A matter goes along when the only thing in it is filed under another customer.
    Column("customer_id", Id, ForeignKey("customer.id"), nullable=False),
    Column("title", Text, nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("made_by", Text, nullable=False),  # agent id, or 'system'
    Column("opened_at", UtcTime, nullable=False),
    # When something of it last happened: one that was touched lately draws the next call or conversation.
    Column("touched_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    CheckConstraint("state IN ('open', 'waiting_us', 'waiting_them', 'settled')", name="state"),
    Index("ix_matter_customer", "customer_id", "touched_at"),
)

# What a matter is made of. A link is never changed: what is taken out of a matter gets `removed_at`.
matter_link = Table(
    "matter_link",
    metadata,
    Column("id", Id, primary_key=True),
    Column("matter_id", Id, ForeignKey("matter.id"), nullable=False, index=True),
    # Not a foreign key: a call, a conversation, an order or a promise.
    Column("thing", String(16), nullable=False),
    Column("thing_id", Id, nullable=False),
    Column("rule", String(16), nullable=False),  # hand | named | order_number | only_one | new
    Column("by", Text, nullable=False),  # agent id, or 'system'
    Column("at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
    CheckConstraint("thing IN ('call', 'conversation', 'order', 'promise')", name="thing"),
    Index(
        "uq_matter_link_live",
        "thing",
        "thing_id",
        unique=True,
        sqlite_where=text("removed_at IS NULL"),
        postgresql_where=text("removed_at IS NULL"),
    ),
)

promise = Table(
    "promise",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", Id, ForeignKey("customer.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_by", Id, ForeignKey("agent.id"), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("due_at", UtcTime),
    # The call it was made in.
    Column("call_id", Id, ForeignKey("call.id")),
    Column("done_at", UtcTime),
    CheckConstraint("state IN ('open', 'kept', 'dropped')", name="state"),
    Index(
        "ix_promise_open",
        "customer_id",
        "due_at",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

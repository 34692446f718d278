"""What became of the messages that we wrote."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, text

from bridge.store.schema.base import metadata
from bridge.store.types import Id, UtcTime

_IS_UNDER_WAY = text("state IN ('accepted', 'sending')")

# One for each message that we wrote: an entry has one recipient.
delivery = Table(
    "delivery",
    metadata,
    Column("id", Id, primary_key=True),
    Column("entry_id", Id, ForeignKey("timeline_entry.id"), nullable=False, unique=True),
    # What is sent to one conversation keeps its order.
    Column("conversation_id", Id, ForeignKey("conversation.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("provider_key", Text),  # how the provider names the message, once it has it
    Column("changed_at", UtcTime, nullable=False),
    # How many messages it is for the provider, and how many of them it has: counted from `delivery_part` where it is several.
    Column("parts", Integer, nullable=False, server_default="1"),
    Column("parts_sent", Integer, nullable=False, server_default="0"),
    CheckConstraint(
        "state IN ('accepted', 'sending', 'sent', 'delivered', 'read', 'failed', 'unknown')", name="state"
    ),
    Index(
        "ix_delivery_under_way",
        "conversation_id",
        "id",
        sqlite_where=_IS_UNDER_WAY,
        postgresql_where=_IS_UNDER_WAY,
    ),
    Index(
        "ix_delivery_provider",
        "provider_key",
        sqlite_where=text("provider_key IS NOT NULL"),
        postgresql_where=text("provider_key IS NOT NULL"),
    ),
)

# One for each message of a delivery that its channel takes as several.
delivery_part = Table(
    "delivery_part",
    metadata,
    Column("delivery_id", Id, ForeignKey("delivery.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 0, in their order
    Column("state", String(16), nullable=False),  # accepted until the provider has it
    Column("reason", Text, nullable=False, server_default=""),
    Column("provider_key", Text),
    Index(
        "ix_delivery_part_provider",
        "provider_key",
        sqlite_where=text("provider_key IS NOT NULL"),
        postgresql_where=text("provider_key IS NOT NULL"),
    ),
)

# How it came to its state; never changed.
delivery_event = Table(
    "delivery_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("delivery_id", Id, ForeignKey("delivery.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False),  # agent id, 'system' or 'provider'
)

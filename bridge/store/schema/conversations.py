"""Accounts of channels, and what is said there."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bridge.store.schema.base import metadata
from bridge.store.types import Id, UtcTime

inbox = Table(
    "inbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("key", Text, nullable=False),  # support@…, the bot's name: what stands in /hooks/{channel}/{key}
    Column("address", Text, nullable=False, server_default=""),
    Column("state", String(16), nullable=False, server_default="active"),
    Column("settings", JSON, nullable=False),
    Column("last_error", Text),
    # Where a channel that looks for itself goes on, in its own words.
    Column("cursor", Text, nullable=False, server_default=""),
    UniqueConstraint("channel", "key"),
)

conversation = Table(
    "conversation",
    metadata,
    Column("id", Id, primary_key=True),
    # NULL for an imported conversation of an account that is not configured here.
    Column("inbox_id", Id, ForeignKey("inbox.id")),
    # The anchor of its entries; NULL while nobody is known. Set and changed by filings only.
    Column("customer_id", Id, ForeignKey("customer.id")),
    Column("channel", String(16), nullable=False),
    Column("thread_key", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("state", String(16), nullable=False),  # open | snoozed | resolved
    Column("assignee_id", Id, ForeignKey("agent.id")),
    Column("opened_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("resolved_at", UtcTime),
    Index("ix_conversation_customer", "customer_id", "state", "last_at"),
    Index("ix_conversation_thread", "channel", "thread_key"),
    Index(
        "uq_conversation_open",
        "inbox_id",
        "thread_key",
        unique=True,
        sqlite_where=text("state <> 'resolved'"),
        postgresql_where=text("state <> 'resolved'"),
    ),
)

# What came to an inbox, word for word, as a webhook's body; kept before it was answered for.
arrival = Table(
    "arrival",
    metadata,
    Column("id", Id, primary_key=True),
    Column("inbox_id", Id, ForeignKey("inbox.id"), nullable=False),
    Column("source_key", Text, nullable=False),  # the same when the provider sends the same again
    Column("body", LargeBinary, nullable=False),
    Column("arrived_at", UtcTime, nullable=False),
    UniqueConstraint("inbox_id", "source_key"),
)

"""Accounts of channels, and what is said there."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    Integer,
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
    # Until then it is nobody's work, unless the customer writes first.
    Column("snoozed_until", UtcTime),
    # The oldest message that no person of ours has answered; NULL while the customer waits for nothing.
    Column("waiting_since", UtcTime),
    # By when that should be answered, in hours that we work.
    Column("due_at", UtcTime),
    # When a person of ours first answered.
    Column("answered_at", UtcTime),
    # Higher goes before who waits longer.
    Column("priority", Integer, nullable=False, server_default=text("0")),
    # When the supervisors were told that it is overdue.
    Column("escalated_at", UtcTime),
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
    # The few that are work, of all there ever were.
    Index(
        "ix_conversation_work",
        "waiting_since",
        sqlite_where=text("state <> 'resolved'"),
        postgresql_where=text("state <> 'resolved'"),
    ),
)

# Words by which people sort them.
conversation_tag = Table(
    "conversation_tag",
    metadata,
    Column("conversation_id", Id, ForeignKey("conversation.id"), primary_key=True),
    Column("tag", String(40), primary_key=True),
    Index("ix_conversation_tag_tag", "tag"),
)

# An agent whom a note in a conversation calls, until they have looked.
mention = Table(
    "mention",
    metadata,
    Column("entry_id", Id, ForeignKey("timeline_entry.id"), primary_key=True),
    Column("agent_id", Id, ForeignKey("agent.id"), primary_key=True),
    Column("conversation_id", Id, ForeignKey("conversation.id"), nullable=False),
    Column("seen_at", UtcTime),
    Index(
        "ix_mention_unseen",
        "agent_id",
        "conversation_id",
        sqlite_where=text("seen_at IS NULL"),
        postgresql_where=text("seen_at IS NULL"),
    ),
)

# What is answered often, with places for names: see bridge/domain/canned.py.
canned_answer = Table(
    "canned_answer",
    metadata,
    Column("id", Id, primary_key=True),
    Column("title", String(80), nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("changed_by", Id, ForeignKey("agent.id"), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
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

"""The memory: entries, and where they are filed."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bridge.store.schema.base import metadata
from bridge.store.types import Id, UtcTime

timeline_entry = Table(
    "timeline_entry",
    metadata,
    Column("id", Id, primary_key=True),
    # Where it is filed: a leaf, NULL while nobody is known. Changed only with a row of `filing`.
    Column("customer_id", Id, ForeignKey("customer.id")),
    # The address it came from or went to.
    Column("identity_id", Id, ForeignKey("identity.id")),
    Column("channel", String(16)),
    Column("conversation_id", Id, ForeignKey("conversation.id"), index=True),
    Column("call_id", Id, ForeignKey("call.id"), index=True),
    Column("kind", String(16), nullable=False),
    Column("direction", String(16)),  # inbound | outbound | internal, NULL where it has none
    Column(
        "author", Text, nullable=False, server_default=""
    ),  # name shown; agent:<id> or customer:<id> in payload
    Column("source", Text, nullable=False),
    Column("source_key", Text, nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("body", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("replaces_id", Id, ForeignKey("timeline_entry.id")),
    Column("redacted_at", UtcTime),
    # Where it arrived: what `customer_id` falls back to when every filing that moved it is undone.
    Column("arrived_customer_id", Id, ForeignKey("customer.id")),
    UniqueConstraint("source", "source_key"),
    CheckConstraint("kind IN ('message','call','transcript','note','order','promise','gap')", name="kind"),
    Index("ix_timeline_entry_page", "customer_id", "occurred_at", "id"),
    # The few by which the card finds the last note and who of ours wrote last.
    Index(
        "ix_timeline_entry_ours",
        "customer_id",
        "occurred_at",
        "id",
        sqlite_where=text("kind = 'note' OR direction = 'outbound'"),
        postgresql_where=text("kind = 'note' OR direction = 'outbound'"),
    ),
    # The few that correct another.
    Index(
        "ix_timeline_entry_replaces",
        "replaces_id",
        sqlite_where=text("replaces_id IS NOT NULL"),
        postgresql_where=text("replaces_id IS NOT NULL"),
    ),
)

attachment = Table(
    "attachment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("entry_id", Id, ForeignKey("timeline_entry.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    # Also its file's name under attachments/; empty while it is not there.
    Column("sha256", String(64), nullable=False),
    Column("state", String(16), nullable=False, server_default="stored"),  # stored | waiting | refused
    Column("reason", Text, nullable=False, server_default=""),  # why it was refused
    Column("reference", Text, nullable=False, server_default=""),  # what its channel fetches it by
    # By what the HTML of its mail shows it: then it is not among the files of the entry.
    Column("cid", Text, nullable=False, server_default=""),
)

# A file that an agent is about to send. With the answer it becomes an attachment of the same id.
upload = Table(
    "upload",
    metadata,
    Column("id", Id, primary_key=True),
    Column("agent_id", Id, ForeignKey("agent.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
)

filing = Table(
    "filing",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subject", String(16), nullable=False),  # entry | call | conversation
    Column("subject_id", Id, nullable=False),
    Column("from_id", Id, ForeignKey("customer.id")),
    Column("to_id", Id, ForeignKey("customer.id")),
    Column("by", Text, nullable=False),  # agent id, or 'system'
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("undoes", Id, ForeignKey("filing.id"), unique=True),
    CheckConstraint("subject IN ('entry', 'call', 'conversation')", name="subject"),
    Index("ix_filing_subject", "subject", "subject_id", "id"),
)

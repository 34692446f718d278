"""Work that follows from what was stored, and what desks follow."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
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

# SQLite numbers rows only for INTEGER PRIMARY KEY.
_Number = BigInteger().with_variant(Integer, "sqlite")

feed = Table(
    "feed",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    # The desks' cursor: given once, by the relay, after the commit that wrote the row.
    Column("number", BigInteger, unique=True),
    Column("type", String(32), nullable=False),
    Column("topic", Text, nullable=False),  # who may see it: all | agent:<id> | role:<role>
    Column("data", JSON, nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    Index(
        "ix_feed_unnumbered",
        "id",
        sqlite_where=text("number IS NULL"),
        postgresql_where=text("number IS NULL"),
    ),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    # The consumer group; each group of a topic has a row of its own.
    Column("consumer", String(32), nullable=False),
    Column("topic", String(32), nullable=False),
    # What the work is about, such as a recording's id: once per group.
    Column("key", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    # From when on it may be taken: whoever takes it sets it to when others may again.
    Column("due_at", UtcTime, nullable=False),
    Column("tries", Integer, nullable=False),
    # Of those tries the ones that were the work's own fault, as far as is known: whoever takes it counts one, and
    # takes it back when something was away only.
    Column("failures", Integer, nullable=False, server_default="0"),
    # Whether somebody is at it, or died at it; what only waits for its time may be hurried.
    Column("taken", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("consumer", "topic", "key"),
    Index("ix_outbox_due", "consumer", "due_at"),
)

# Work of the outbox that was given up, until an admin retries or drops it.
dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", Id, primary_key=True),
    Column("consumer", String(32), nullable=False),
    Column("topic", String(32), nullable=False),
    Column("key", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),  # when the work was
    Column("died_at", UtcTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_dead_letter_page", "died_at", "id"),
)

# Who alone does what only one of several processes may, until when.
lease = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(36), nullable=False),
    Column("until", UtcTime, nullable=False),
)

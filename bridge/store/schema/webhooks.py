"""What the company's own systems are told of."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, String, Table, Text

from bridge.store.schema.base import metadata
from bridge.store.types import Id, UtcTime

webhook = Table(
    "webhook",
    metadata,
    Column("id", Id, primary_key=True),
    Column("url", Text, nullable=False),
    Column("events", JSON, nullable=False),  # the types that it is told of
    Column("state", String(16), nullable=False),
    # With our key and the id it makes the secret, which is stored nowhere.
    Column("salt", String(64), nullable=False),
    # The number in the feed up to which all is told.
    Column("cursor", BigInteger, nullable=False),
    # Not before: it failed a moment ago.
    Column("due_at", UtcTime, nullable=False),
    Column("tries", BigInteger, nullable=False, server_default="0"),
    Column("failing_since", UtcTime),
    Column("last_error", Text),
    Column("told_at", UtcTime),
    CheckConstraint("state IN ('active', 'paused')", name="state"),
)

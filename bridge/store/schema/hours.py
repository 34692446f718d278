"""When the company works, and what each inbox says and asks for."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, String, Table, text

from bridge.store.schema.base import metadata
from bridge.store.types import Id, UtcTime

# One row: the company's.
calendar = Table(
    "calendar",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("content", JSON, nullable=False),  # bridge/domain/calendar.py
    Column("changed_by", Id, ForeignKey("agent.id"), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

inbox_rule = Table(
    "inbox_rule",
    metadata,
    Column("inbox_id", Id, ForeignKey("inbox.id"), primary_key=True),
    # Whether who writes while nobody works is told so, and in which words by language where not in ours.
    Column("away", Boolean, nullable=False, server_default=text("false")),
    Column("away_texts", JSON, nullable=False),
    # What an agent must be able to do to get its conversations.
    Column("skill", String(40)),
)

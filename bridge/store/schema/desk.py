"""Agents, their phones and logins, and what they may have to answer for."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, ForeignKey, Integer, String, Table, Text, text

from bridge.store.schema.base import metadata
from bridge.store.types import Id, UtcTime

agent = Table(
    "agent",
    metadata,
    Column("id", Id, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("extension", String(16), unique=True),
    Column("language", String(8), nullable=False, server_default="en"),
    Column("password_hash", Text, nullable=False),
    # SHA-256 of the key that a softphone's helper script shows with /ringing.
    Column("phone_key_hash", String(64)),
    Column("disabled_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    # How many conversations at a time, and which: see bridge/domain/routing.py.
    Column("capacity", Integer, nullable=False, server_default=text("3")),
    Column("skills", JSON, nullable=False, server_default=text("'[]'")),
    Column("languages", JSON, nullable=False, server_default=text("'[]'")),
    CheckConstraint("role IN ('agent', 'supervisor', 'admin')", name="role"),
)

# What an admin saw a phone show at a test call: the newest answer for each rung of the pop's ladder.
phone_proof = Table(
    "phone_proof",
    metadata,
    Column("extension", String(16), primary_key=True),
    Column("rung", String(16), primary_key=True),
    # The make of phone that it was seen on.
    Column("profile", String(32), nullable=False),
    Column("shown", Boolean, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by_id", Id, ForeignKey("agent.id"), nullable=False),
)

desk_session = Table(
    "desk_session",
    metadata,
    # SHA-256 of the token: the token itself is only with the browser.
    Column("token_hash", String(64), primary_key=True),
    Column("agent_id", Id, ForeignKey("agent.id"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSON, nullable=False),
)

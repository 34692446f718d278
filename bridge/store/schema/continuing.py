"""Links by which a customer goes on in another channel."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table

from bridge.store.schema.base import metadata
from bridge.store.types import Id, UtcTime

continue_link = Table(
    "continue_link",
    metadata,
    Column("id", Id, primary_key=True),
    # HMAC of the token: the token itself is only with the customer. Codes of the telephone come again.
    Column("token_hash", String(64), nullable=False, index=True),
    Column("channel", String(16), nullable=False),
    # What it was made from, and not a foreign key: a call, a conversation or a matter. Whose it is, and which matter, is
    # read when the link is used: it may have been filed elsewhere by then.
    Column("thing", String(16), nullable=False),
    Column("thing_id", Id, nullable=False),
    Column("made_by", Id, ForeignKey("agent.id"), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    # The address that used it (NULL for a caller who withheld theirs), and the conversation or call that came of it.
    Column("used_by", Id, ForeignKey("identity.id"), index=True),
    Column("led_to", String(16)),
    Column("led_to_id", Id),
    # Whose link a conversation has come by: asked while it is nobody's.
    Index("ix_continue_link_led_to", "led_to_id"),
    CheckConstraint("thing IN ('call', 'conversation', 'matter')", name="thing"),
)

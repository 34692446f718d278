"""Those who write from a site: as whom they are known there, and the codes that prove an e-mail address."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from bridge.store.schema.base import metadata
from bridge.store.types import Id, UtcTime

# A visitor who has signed in. Of one who has not, only the browser knows: there is no row.
visitor = Table(
    "visitor",
    metadata,
    Column("id", Id, primary_key=True),
    Column("inbox_id", Id, ForeignKey("inbox.id"), nullable=False),
    # By what they signed in: 'email:<address>' or 'user:<the site's id>'. All of one account read the same messages.
    Column("account", Text, nullable=False),
    Column("email", Text, nullable=False),  # proven, canonical; '' where the account has none
    Column("name", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Index("ix_visitor_account", "inbox_id", "account", "id"),
)

# The newest code that a visitor asked for; gone once it is used.
sign_in_code = Table(
    "sign_in_code",
    metadata,
    Column("visitor_id", Id, primary_key=True),
    Column("inbox_id", Id, ForeignKey("inbox.id"), nullable=False),
    Column("email", Text, nullable=False),
    Column("code_hash", String(64), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

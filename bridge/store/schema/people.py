"""Who is who: customers, the addresses they are known by, and which of them are one."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bridge.store.schema.base import metadata
from bridge.store.types import Id, UtcTime

customer = Table(
    "customer",
    metadata,
    Column("id", Id, primary_key=True),
    # The customer that this one is read as; itself while it is not merged. Not a foreign key with a
    # cascade: it is recomputed from the merges, never followed by a delete.
    Column("canonical_id", Id, ForeignKey("customer.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # person | household | organisation
    Column("name", Text, nullable=False, server_default=""),
    # The name casefolded in Python, for looking up: no engine here folds Cyrillic alike.
    Column("folded_name", Text, nullable=False, server_default="", index=True),
    Column("language", String(8)),
    Column("vip", Boolean, nullable=False, server_default=text("false")),
    Column("comment", Text, nullable=False, server_default=""),
    # The id in the system the customer was imported from: makes an import idempotent.
    Column("external_id", Text, unique=True),
    Column("sample", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    CheckConstraint("kind IN ('person', 'household', 'organisation')", name="kind"),
)

belonging = Table(
    "belonging",
    metadata,
    Column("id", Id, primary_key=True),
    # Both are customers: the household or organisation, and the person in it.
    Column("group_id", Id, ForeignKey("customer.id"), nullable=False),
    Column("person_id", Id, ForeignKey("customer.id"), nullable=False, index=True),
    Column("role", Text, nullable=False, server_default=""),
    # The sub-number behind the group's switchboard that reaches this person.
    Column("extension", String(16)),
    Column("evidence", JSON, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Index(
        "uq_belonging_live",
        "group_id",
        "person_id",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

identity = Table(
    "identity",
    metadata,
    Column("id", Id, primary_key=True),
    # The leaf that is known by this address; a group for a shared number.
    Column("customer_id", Id, ForeignKey("customer.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # phone | email | telegram | whatsapp | …
    Column(
        "scope", Text, nullable=False, server_default=""
    ),  # provider account; '' for phone, email, telegram
    Column("address", Text, nullable=False),  # canonical: E.164, lower-case e-mail, …
    Column("strength", String(16), nullable=False, server_default="claimed"),
    Column("evidence", JSON, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("retired_at", UtcTime),
    CheckConstraint("strength IN ('claimed', 'delivered', 'proven')", name="strength"),
    CheckConstraint(
        "kind <> 'phone' OR (address LIKE '+%' AND length(address) BETWEEN 8 AND 16)", name="e164"
    ),
    Index(
        "uq_identity_live",
        "kind",
        "scope",
        "address",
        unique=True,
        sqlite_where=text("retired_at IS NULL"),
        postgresql_where=text("retired_at IS NULL"),
    ),
)

# Two leaves that are one person (or one group): an undirected edge. `customer.canonical_id` follows from those that
# are not undone (bridge/domain/merging.py).
merge = Table(
    "merge",
    metadata,
    Column("id", Id, primary_key=True),
    # The two that the evidence is about, as they were given: leaves, never made canonical.
    Column("leaf_a", Id, ForeignKey("customer.id"), nullable=False, index=True),
    Column("leaf_b", Id, ForeignKey("customer.id"), nullable=False, index=True),
    # Whom both were to be read as: any leaf that was joined at that moment.
    Column("survivor", Id, ForeignKey("customer.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("by", Text, nullable=False),  # agent id, or 'system'
    Column("at", UtcTime, nullable=False),
    Column("undone_by", Text),
    Column("undone_at", UtcTime),
    CheckConstraint("leaf_a <> leaf_b", name="ends"),
)

# That two leaves may be one: a person accepts or declines it. One for each pair, so that a declined one stays so.
suggestion = Table(
    "suggestion",
    metadata,
    Column("id", Id, primary_key=True),
    Column("leaf_low", Id, ForeignKey("customer.id"), nullable=False),
    Column("leaf_high", Id, ForeignKey("customer.id"), nullable=False, index=True),
    Column("reason", String(32), nullable=False),  # the first; each has its evidence
    Column("evidence", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("decided_by", Id, ForeignKey("agent.id")),
    Column("decided_at", UtcTime),
    # What accepting it made.
    Column("merge_id", Id, ForeignKey("merge.id")),
    UniqueConstraint("leaf_low", "leaf_high"),
    CheckConstraint("leaf_low < leaf_high", name="order"),
    CheckConstraint("state IN ('open', 'accepted', 'declined')", name="state"),
    Index("ix_suggestion_page", "state", "at", "id"),
)

# What somebody has allowed or refused: each word of it, never changed. The newest of a channel and purpose counts.
consent = Table(
    "consent",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", Id, ForeignKey("customer.id"), nullable=False),  # the leaf that said so
    Column("channel", String(16), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("words", Text, nullable=False),
    # The message in which it stands; NULL for what an agent was told.
    Column("entry_id", Id, ForeignKey("timeline_entry.id")),
    Column("by", Text, nullable=False),  # agent id, or 'system' for what was read
    Column("at", UtcTime, nullable=False),
    CheckConstraint("purpose IN ('service', 'marketing')", name="purpose"),
    Index("ix_consent_customer", "customer_id", "channel", "purpose", "at"),
)

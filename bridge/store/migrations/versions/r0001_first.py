"""The first tables, and the triggers that guard them."""

import sqlalchemy as sa
from alembic import op

from bridge.store.migrations.triggers import GUARDS
from bridge.store.types import Id, UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "agent",
        sa.Column("id", Id, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("extension", sa.String(length=16), nullable=True),
        sa.Column("language", sa.String(length=8), server_default="en", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("phone_key_hash", sa.String(length=64), nullable=True),
        sa.Column("disabled_at", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.CheckConstraint("role IN ('agent', 'supervisor', 'admin')", name=op.f("ck_agent_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
        sa.UniqueConstraint("extension", name=op.f("uq_agent_extension")),
        sa.UniqueConstraint("login", name=op.f("uq_agent_login")),
    )
    op.create_table(
        "audit",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_table(
        "customer",
        sa.Column("id", Id, nullable=False),
        sa.Column("canonical_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("folded_name", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("vip", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("sample", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'household', 'organisation')", name=op.f("ck_customer_kind")),
        sa.ForeignKeyConstraint(["canonical_id"], ["customer.id"], name=op.f("fk_customer_canonical_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("external_id", name=op.f("uq_customer_external_id")),
    )
    op.create_index(op.f("ix_customer_canonical_id"), "customer", ["canonical_id"], unique=False)
    op.create_table(
        "feed",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sa.UniqueConstraint("number", name=op.f("uq_feed_number")),
    )
    op.create_index(op.f("ix_feed_at"), "feed", ["at"], unique=False)
    op.create_index(
        "ix_feed_unnumbered",
        "feed",
        ["id"],
        unique=False,
        sqlite_where=sa.text("number IS NULL"),
        postgresql_where=sa.text("number IS NULL"),
    )
    op.create_table(
        "inbox",
        sa.Column("id", Id, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), server_default="active", nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("channel", "key", name=op.f("uq_inbox_channel_key")),
    )
    op.create_table(
        "belonging",
        sa.Column("id", Id, nullable=False),
        sa.Column("group_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("role", sa.Text(), server_default="", nullable=False),
        sa.Column("extension", sa.String(length=16), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["customer.id"], name=op.f("fk_belonging_group_id")),
        sa.ForeignKeyConstraint(["person_id"], ["customer.id"], name=op.f("fk_belonging_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_belonging")),
    )
    op.create_index(op.f("ix_belonging_person_id"), "belonging", ["person_id"], unique=False)
    op.create_index(
        "uq_belonging_live",
        "belonging",
        ["group_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "call",
        sa.Column("id", Id, nullable=False),
        sa.Column("pbx", sa.String(length=64), nullable=False),
        sa.Column("linkedid", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("dialled", sa.Text(), nullable=False),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("identified_at", UtcTime(), nullable=True),
        sa.Column("answered_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("joined_to", Id, nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("handled_at", UtcTime(), nullable=True),
        sa.Column("answered_by", Id, nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["agent.id"], name=op.f("fk_call_answered_by")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_call_customer_id")),
        sa.ForeignKeyConstraint(["joined_to"], ["call.id"], name=op.f("fk_call_joined_to")),
        sa.ForeignKeyConstraint(["owner_id"], ["agent.id"], name=op.f("fk_call_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
        sa.UniqueConstraint("pbx", "linkedid", name=op.f("uq_call_pbx_linkedid")),
    )
    op.create_index("ix_call_customer", "call", ["customer_id", "started_at"], unique=False)
    op.create_index(
        "ix_call_open",
        "call",
        ["pbx"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_call_page", "call", ["started_at", "id"], unique=False)
    op.create_table(
        "conversation",
        sa.Column("id", Id, nullable=False),
        sa.Column("inbox_id", Id, nullable=True),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("thread_key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("assignee_id", Id, nullable=True),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("last_at", UtcTime(), nullable=False),
        sa.Column("resolved_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["agent.id"], name=op.f("fk_conversation_assignee_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_conversation_customer_id")),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_conversation_inbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
    )
    op.create_index(
        "ix_conversation_customer", "conversation", ["customer_id", "state", "last_at"], unique=False
    )
    op.create_index("ix_conversation_thread", "conversation", ["channel", "thread_key"], unique=False)
    op.create_index(
        "uq_conversation_open",
        "conversation",
        ["inbox_id", "thread_key"],
        unique=True,
        sqlite_where=sa.text("state <> 'resolved'"),
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_table(
        "desk_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("agent_id", Id, nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_desk_session_agent_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_desk_session")),
    )
    op.create_index(op.f("ix_desk_session_agent_id"), "desk_session", ["agent_id"], unique=False)
    op.create_table(
        "filing",
        sa.Column("id", Id, nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("from_id", Id, nullable=True),
        sa.Column("to_id", Id, nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("undoes", Id, nullable=True),
        sa.CheckConstraint("subject IN ('entry', 'call', 'conversation')", name=op.f("ck_filing_subject")),
        sa.ForeignKeyConstraint(["from_id"], ["customer.id"], name=op.f("fk_filing_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["customer.id"], name=op.f("fk_filing_to_id")),
        sa.ForeignKeyConstraint(["undoes"], ["filing.id"], name=op.f("fk_filing_undoes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filing")),
        sa.UniqueConstraint("undoes", name=op.f("uq_filing_undoes")),
    )
    op.create_index("ix_filing_subject", "filing", ["subject", "subject_id", "id"], unique=False)
    op.create_table(
        "identity",
        sa.Column("id", Id, nullable=False),
        sa.Column("customer_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("strength", sa.String(length=16), server_default="claimed", nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.CheckConstraint(
            "kind <> 'phone' OR (address LIKE '+%' AND length(address) BETWEEN 8 AND 16)",
            name=op.f("ck_identity_e164"),
        ),
        sa.CheckConstraint(
            "strength IN ('claimed', 'delivered', 'proven')", name=op.f("ck_identity_strength")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_identity_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
    )
    op.create_index(op.f("ix_identity_customer_id"), "identity", ["customer_id"], unique=False)
    op.create_index(
        "uq_identity_live",
        "identity",
        ["kind", "scope", "address"],
        unique=True,
        sqlite_where=sa.text("retired_at IS NULL"),
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "shop_order",
        sa.Column("id", Id, nullable=False),
        sa.Column("shop", sa.Text(), server_default="", nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer_id", Id, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("status_at", UtcTime(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.CheckConstraint(
            "status IN ('cart','abandoned','unpaid','paid','shipped','delivered','cancelled','refunded')",
            name=op.f("ck_shop_order_status"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_shop_order_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_order")),
        sa.UniqueConstraint("shop", "number", name=op.f("uq_shop_order_shop_number")),
    )
    op.create_index("ix_shop_order_customer", "shop_order", ["customer_id", "status_at"], unique=False)
    op.create_table(
        "call_leg",
        sa.Column("call_id", Id, nullable=False),
        sa.Column("uniqueid", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=True),
        sa.Column("extension", sa.String(length=16), nullable=True),
        sa.Column("dialled_by", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("invited_at", UtcTime(), nullable=True),
        sa.Column("ringing_at", UtcTime(), nullable=True),
        sa.Column("answered_at", UtcTime(), nullable=True),
        sa.Column("withdrawn_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("cause", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_call_leg_call_id")),
        sa.PrimaryKeyConstraint("call_id", "uniqueid", name=op.f("pk_call_leg")),
    )
    op.create_table(
        "call_stage",
        sa.Column("id", Id, nullable=False),
        sa.Column("call_id", Id, nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("extension", sa.String(length=16), nullable=True),
        sa.Column("leg", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_call_stage_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_stage")),
    )
    op.create_index(op.f("ix_call_stage_call_id"), "call_stage", ["call_id"], unique=False)
    op.create_table(
        "note_draft",
        sa.Column("call_id", Id, nullable=False),
        sa.Column("agent_id", Id, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("saved_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_note_draft_agent_id")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_note_draft_call_id")),
        sa.PrimaryKeyConstraint("call_id", "agent_id", name=op.f("pk_note_draft")),
    )
    op.create_table(
        "recording",
        sa.Column("id", Id, nullable=False),
        sa.Column("call_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_recording_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_recording_kind_name")),
    )
    op.create_index(op.f("ix_recording_call_id"), "recording", ["call_id"], unique=False)
    op.create_index(
        "ix_recording_unfinished",
        "recording",
        ["call_id"],
        unique=False,
        sqlite_where=sa.text("state = 'recording'"),
        postgresql_where=sa.text("state = 'recording'"),
    )
    op.create_table(
        "timeline_entry",
        sa.Column("id", Id, nullable=False),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("identity_id", Id, nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=True),
        sa.Column("conversation_id", Id, nullable=True),
        sa.Column("call_id", Id, nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=True),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("occurred_at", UtcTime(), nullable=False),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("replaces_id", Id, nullable=True),
        sa.Column("redacted_at", UtcTime(), nullable=True),
        sa.Column("arrived_customer_id", Id, nullable=True),
        sa.CheckConstraint(
            "kind IN ('message','call','transcript','note','order','promise','gap')",
            name=op.f("ck_timeline_entry_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["arrived_customer_id"], ["customer.id"], name=op.f("fk_timeline_entry_arrived_customer_id")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_timeline_entry_call_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_timeline_entry_conversation_id")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_timeline_entry_customer_id")),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_timeline_entry_identity_id")),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["timeline_entry.id"], name=op.f("fk_timeline_entry_replaces_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline_entry")),
        sa.UniqueConstraint("source", "source_key", name=op.f("uq_timeline_entry_source_source_key")),
    )
    op.create_index(op.f("ix_timeline_entry_call_id"), "timeline_entry", ["call_id"], unique=False)
    op.create_index(
        op.f("ix_timeline_entry_conversation_id"), "timeline_entry", ["conversation_id"], unique=False
    )
    op.create_index(
        "ix_timeline_entry_ours",
        "timeline_entry",
        ["customer_id", "occurred_at", "id"],
        unique=False,
        sqlite_where=sa.text("kind = 'note' OR direction = 'outbound'"),
        postgresql_where=sa.text("kind = 'note' OR direction = 'outbound'"),
    )
    op.create_index(
        "ix_timeline_entry_page", "timeline_entry", ["customer_id", "occurred_at", "id"], unique=False
    )
    op.create_table(
        "attachment",
        sa.Column("id", Id, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["timeline_entry.id"], name=op.f("fk_attachment_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_entry_id"), "attachment", ["entry_id"], unique=False)
    op.create_table(
        "wrap_up",
        sa.Column("call_id", Id, nullable=False),
        sa.Column("agent_id", Id, nullable=False),
        sa.Column("began_at", UtcTime(), nullable=False),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.Column("disposition", sa.String(length=32), nullable=True),
        sa.Column("entry_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_wrap_up_agent_id")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_wrap_up_call_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["timeline_entry.id"], name=op.f("fk_wrap_up_entry_id")),
        sa.PrimaryKeyConstraint("call_id", "agent_id", name=op.f("pk_wrap_up")),
    )
    op.create_index(
        "ix_wrap_up_open",
        "wrap_up",
        ["agent_id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    for guard in GUARDS:
        for statement in guard.on(op.get_bind().dialect.name):
            op.execute(statement)

"""The tables, once, for SQLite and PostgreSQL. Words as in docs/glossary.md.

What is kept where and why:

- `customer` and its `identity` rows say who is who. Everything is written to the leaf (the customer row
  as first known) and read by the canonical customer: `customer.canonical_id`.
- `timeline_entry` is the memory. Its content never changes (triggers in the migration); where it is
  filed changes only together with a row of `filing`.
- `call`, `call_leg` and `call_stage` are the live state of telephone calls; a call's entry on the
  timeline is appended once and reads state and times from here.
- `feed` is what desks follow: numbered once by the relay, kept for 24 hours.
- `matter` is one thing a customer wants settled; `matter_link` says what belongs to it, and why.
- `customer_word`, `word_key` and `entry_words` are what is searched: made of the above, and gone with it.
- `outbox` is work that follows from what was stored, such as a recording's transcript.
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from bridge.store.types import Id, UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows only for INTEGER PRIMARY KEY.
_Number = BigInteger().with_variant(Integer, "sqlite")

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
)

shop_order = Table(
    "shop_order",
    metadata,
    Column("id", Id, primary_key=True),
    Column("shop", Text, nullable=False, server_default=""),  # the shop's inbox key; '' for imported ones
    Column("number", Text, nullable=False),
    Column("customer_id", Id, ForeignKey("customer.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("status_at", UtcTime, nullable=False),
    Column("total", BigInteger, nullable=False),  # minor units
    Column("currency", String(3), nullable=False),
    Column("items", JSON, nullable=False),
    Column("url", Text),
    Column("delivery", JSON(none_as_null=True)),  # {city, address}: where it goes to
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("shop", "number"),
    Index("ix_shop_order_customer", "customer_id", "status_at"),
    CheckConstraint(
        "status IN ('cart','abandoned','unpaid','paid','shipped','delivered','cancelled','refunded')",
        name="status",
    ),
)

# An inbound call that nobody answered and nobody has handled yet (`store.worklist`).
_IS_WORK = text(
    "handled_at IS NULL AND answered_at IS NULL AND direction = 'inbound' AND state = 'ended'"
    " AND outcome <> 'answered'"
)

call = Table(
    "call",
    metadata,
    Column("id", Id, primary_key=True),
    Column("pbx", String(64), nullable=False),
    Column("linkedid", String(64), nullable=False),
    Column("direction", String(16), nullable=False),
    # E.164 where it is one, else what was shown ('' for anonymous).
    Column("caller", Text, nullable=False),
    Column("dialled", Text, nullable=False),
    # The anchor of its entries, recording, notes; NULL while nobody is known. Changed by filings only.
    Column("customer_id", Id, ForeignKey("customer.id")),
    Column("queue", Text),
    Column("state", String(16), nullable=False),  # open | ended
    Column("outcome", String(16)),
    Column("started_at", UtcTime, nullable=False),
    Column("identified_at", UtcTime),  # when the AGI handler had answered
    Column("answered_at", UtcTime),
    Column("ended_at", UtcTime),
    # The call this one was joined to by a transfer.
    Column("joined_to", Id, ForeignKey("call.id")),
    # The agent who answers for it as work (missed call, voicemail), and when it was done.
    Column("owner_id", Id, ForeignKey("agent.id")),
    Column("handled_at", UtcTime),
    Column("answered_by", Id, ForeignKey("agent.id")),
    UniqueConstraint("pbx", "linkedid"),
    Index("ix_call_page", "started_at", "id"),
    Index("ix_call_customer", "customer_id", "started_at"),
    Index(
        "ix_call_open", "pbx", sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")
    ),
    Index("ix_call_work", "caller", "started_at", "id", sqlite_where=_IS_WORK, postgresql_where=_IS_WORK),
)

call_leg = Table(
    "call_leg",
    metadata,
    Column("call_id", Id, ForeignKey("call.id"), primary_key=True),
    Column("uniqueid", String(64), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("endpoint", Text),  # PJSIP endpoint, NULL for other technologies
    Column("extension", String(16)),
    Column("dialled_by", String(64)),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("invited_at", UtcTime),
    Column("ringing_at", UtcTime),
    Column("answered_at", UtcTime),
    Column("withdrawn_at", UtcTime),  # stopped ringing without being answered
    Column("ended_at", UtcTime),
    Column("cause", Integer),
)

call_stage = Table(
    "call_stage",
    metadata,
    Column("id", Id, primary_key=True),
    Column("call_id", Id, ForeignKey("call.id"), nullable=False, index=True),
    # invite | identified | ringing | pop_sent | pop_shown | withdrawn | answered | ended | …
    Column("stage", String(16), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("extension", String(16)),  # the agent it concerns; NULL for the whole call
    Column("leg", String(64)),
    Column("detail", Text),
)

recording = Table(
    "recording",
    metadata,
    Column("id", Id, primary_key=True),
    Column("call_id", Id, ForeignKey("call.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # call | voicemail
    # Relative to the recordings (or voicemail) folder, without the side and the suffix: never leaves the server.
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),  # recording | ready | missing
    Column("started_at", UtcTime, nullable=False),
    Column("duration_ms", Integer),
    UniqueConstraint("kind", "name"),
    Index(
        "ix_recording_unfinished",
        "call_id",
        sqlite_where=text("state = 'recording'"),
        postgresql_where=text("state = 'recording'"),
    ),
)

# A recording that has no words: the transcript of any other is an entry, or still to come (`outbox`).
transcript_failure = Table(
    "transcript_failure",
    metadata,
    Column("recording_id", Id, ForeignKey("recording.id"), primary_key=True),
    Column("reason", String(16), nullable=False),  # no_model | unreadable | worker
    Column("at", UtcTime, nullable=False),
)

note_draft = Table(
    "note_draft",
    metadata,
    Column("call_id", Id, ForeignKey("call.id"), primary_key=True),
    Column("agent_id", Id, ForeignKey("agent.id"), primary_key=True),
    Column("text", Text, nullable=False),
    # Counted up by every save; an older one than the stored is refused.
    Column("rev", Integer, nullable=False),
    Column("saved_at", UtcTime, nullable=False),
)

wrap_up = Table(
    "wrap_up",
    metadata,
    Column("call_id", Id, ForeignKey("call.id"), primary_key=True),
    Column("agent_id", Id, ForeignKey("agent.id"), primary_key=True),
    Column("began_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    Column("disposition", String(32)),
    Column("entry_id", Id, ForeignKey("timeline_entry.id")),  # the note that came of it
    Index(
        "ix_wrap_up_open",
        "agent_id",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
)

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

# Compared byte for byte on both engines: a range of keys is a beginning of words in any collation.
_Bytes = Text().with_variant(Text(collation="C"), "postgresql")

# The words that a customer is found by: of the name, the external id, each live address.
customer_word = Table(
    "customer_word",
    metadata,
    Column("word", _Bytes, primary_key=True),
    Column("customer_id", Id, ForeignKey("customer.id"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# By what each of those words is found: parts of it, and itself with a letter missing. No word is here without a customer.
word_key = Table(
    "word_key",
    metadata,
    Column("key", _Bytes, primary_key=True),
    Column("word", _Bytes, primary_key=True),
    sqlite_with_rowid=False,
)

# The terms of an entry's text; emptied by a trigger when the entry is redacted.
entry_words = Table(
    "entry_words",
    metadata,
    # In the order of time (store/words.py says how), so that the newest hits come first off either index.
    Column("no", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("entry_id", Id, ForeignKey("timeline_entry.id"), nullable=False, unique=True),
    Column("words", Text().with_variant(TSVECTOR, "postgresql"), nullable=False),
    Index("ix_entry_words_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
)
# SQLite's index of `entry_words.words`. Its terms are folded already: the ascii tokenizer cuts at the blanks only.
event.listen(
    entry_words,
    "after_create",
    DDL(  # type: ignore[no-untyped-call]
        "CREATE VIRTUAL TABLE entry_terms USING fts5(words, content='entry_words', content_rowid='no',"
        " tokenize='ascii', detail='none', columnsize=0)"
    ).execute_if(dialect="sqlite"),
)
event.listen(
    entry_words,
    "before_drop",
    DDL("DROP TABLE entry_terms").execute_if(dialect="sqlite"),  # type: ignore[no-untyped-call]
)

matter = Table(
    "matter",
    metadata,
    Column("id", Id, primary_key=True),
    # A leaf. A matter goes along when the only thing in it is filed under another customer.
    Column("customer_id", Id, ForeignKey("customer.id"), nullable=False),
    Column("title", Text, nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("made_by", Text, nullable=False),  # agent id, or 'system'
    Column("opened_at", UtcTime, nullable=False),
    # When something of it last happened: one that was touched lately draws the next call or conversation.
    Column("touched_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    CheckConstraint("state IN ('open', 'waiting_us', 'waiting_them', 'settled')", name="state"),
    Index("ix_matter_customer", "customer_id", "touched_at"),
)

# What a matter is made of. A link is never changed: what is taken out of a matter gets `removed_at`.
matter_link = Table(
    "matter_link",
    metadata,
    Column("id", Id, primary_key=True),
    Column("matter_id", Id, ForeignKey("matter.id"), nullable=False, index=True),
    # Not a foreign key: a call, a conversation, an order or a promise.
    Column("thing", String(16), nullable=False),
    Column("thing_id", Id, nullable=False),
    Column("rule", String(16), nullable=False),  # hand | named | order_number | only_one | new
    Column("by", Text, nullable=False),  # agent id, or 'system'
    Column("at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
    CheckConstraint("thing IN ('call', 'conversation', 'order', 'promise')", name="thing"),
    Index(
        "uq_matter_link_live",
        "thing",
        "thing_id",
        unique=True,
        sqlite_where=text("removed_at IS NULL"),
        postgresql_where=text("removed_at IS NULL"),
    ),
)

promise = Table(
    "promise",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", Id, ForeignKey("customer.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_by", Id, ForeignKey("agent.id"), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("due_at", UtcTime),
    # The call it was made in.
    Column("call_id", Id, ForeignKey("call.id")),
    Column("done_at", UtcTime),
    CheckConstraint("state IN ('open', 'kept', 'dropped')", name="state"),
    Index(
        "ix_promise_open",
        "customer_id",
        "due_at",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
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
    Column("sha256", String(64), nullable=False),  # also its file's name under attachments/
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

# Who alone does what only one of several processes may, until when.
lease = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(36), nullable=False),
    Column("until", UtcTime, nullable=False),
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

watch = Table(
    "watch",
    metadata,
    Column("pbx", String(64), primary_key=True),
    # Until when all that this Asterisk told is stored: after an absence the gap begins here.
    Column("heard_at", UtcTime, nullable=False),
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

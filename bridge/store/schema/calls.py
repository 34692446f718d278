"""Telephone calls: their live state, what is recorded of them, what agents still have to do."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from bridge.store.schema.base import metadata
from bridge.store.types import Id, UtcTime

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
    # The agent is kept out of the queues until then, unless done sooner. None: they had no desk open.
    Column("until", UtcTime),
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

watch = Table(
    "watch",
    metadata,
    Column("pbx", String(64), primary_key=True),
    # Until when all that this Asterisk told is stored: after an absence the gap begins here.
    Column("heard_at", UtcTime, nullable=False),
)

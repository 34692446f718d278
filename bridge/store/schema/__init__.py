"""The tables, once, for SQLite and PostgreSQL. Words as in docs/glossary.md.

What is kept where and why (a file for each subject):

- `customer` and its `identity` rows say who is who. Everything is written to the leaf (the customer row
  as first known) and read by the canonical customer: `customer.canonical_id`.
- `timeline_entry` is the memory. Its content never changes (triggers in the migration); where it is
  filed changes only together with a row of `filing`.
- `call`, `call_leg` and `call_stage` are the live state of telephone calls; a call's entry on the
  timeline is appended once and reads state and times from here.
- `feed` is what desks follow: numbered once by the relay, kept for 24 hours.
- `matter` is one thing a customer wants settled; `matter_link` says what belongs to it, and why.
- `customer_word`, `word_key` and `entry_words` are what is searched: made of the above, and gone with it.
- `continue_link` brings a customer from one channel to another.
- `delivery` is what became of a message of ours; its entry reads the state from here.
- `consent` is what people have allowed us to write to them, and what not.
- `attachment` is a file of an entry: there, on its way, or refused; `upload` one that an agent is about to send.
- `outbox` is work that follows from what was stored, such as a recording's transcript.
- `visitor` is somebody who has signed in at a site's chat, and so may read what they wrote elsewhere.
"""

from __future__ import annotations

from bridge.store.schema.base import metadata
from bridge.store.schema.calls import (
    call,
    call_leg,
    call_stage,
    note_draft,
    recording,
    transcript_failure,
    watch,
    wrap_up,
)
from bridge.store.schema.chat import sign_in_code, visitor
from bridge.store.schema.continuing import continue_link
from bridge.store.schema.conversations import (
    arrival,
    canned_answer,
    conversation,
    conversation_tag,
    inbox,
    mention,
)
from bridge.store.schema.deliveries import delivery, delivery_event, delivery_part
from bridge.store.schema.desk import agent, audit, desk_session, phone_proof
from bridge.store.schema.hours import calendar, inbox_rule
from bridge.store.schema.matters import matter, matter_link, order_request, promise, shop_order
from bridge.store.schema.people import belonging, consent, customer, identity, merge, suggestion
from bridge.store.schema.search import customer_word, entry_words, word_key
from bridge.store.schema.timeline import attachment, filing, timeline_entry, upload
from bridge.store.schema.webhooks import webhook
from bridge.store.schema.work import dead_letter, feed, lease, outbox

__all__ = [
    "agent",
    "arrival",
    "attachment",
    "audit",
    "belonging",
    "calendar",
    "call",
    "call_leg",
    "call_stage",
    "canned_answer",
    "consent",
    "continue_link",
    "conversation",
    "conversation_tag",
    "customer",
    "customer_word",
    "dead_letter",
    "delivery",
    "delivery_event",
    "delivery_part",
    "desk_session",
    "entry_words",
    "feed",
    "filing",
    "identity",
    "inbox",
    "inbox_rule",
    "lease",
    "matter",
    "matter_link",
    "mention",
    "merge",
    "metadata",
    "note_draft",
    "order_request",
    "outbox",
    "phone_proof",
    "promise",
    "recording",
    "shop_order",
    "sign_in_code",
    "suggestion",
    "timeline_entry",
    "transcript_failure",
    "upload",
    "visitor",
    "watch",
    "webhook",
    "word_key",
    "wrap_up",
]

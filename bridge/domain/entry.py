"""One line of the timeline: body text and a typed payload."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from bridge.domain.delivery import Delivery


class EntryKind(enum.StrEnum):
    MESSAGE = "message"
    CALL = "call"
    TRANSCRIPT = "transcript"
    NOTE = "note"
    ORDER = "order"
    PROMISE = "promise"
    GAP = "gap"


class EntryDirection(enum.StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as the API gives it. `at` is ISO 8601 UTC; `channel` is null for note, promise and gap.

    `delivery` is what became of a message that was written at the desk; null for any other entry.
    `replaced_by` is the newest entry that corrects this one; `redacted`: text, payload and author were taken out.

    Payloads by kind:
      message     {subject?, quoted?, attachments?: [{id, name, media_type, size, state?: waiting|refused, reason?}],
                  html?: id of the file with how it was laid out, cc?: addresses, automatic?: a program wrote it,
                  forged?: it is not from the sender that it names, forged_by?: dmarc, dkim or spf says so,
                  subtype?: "voicemail",
                  unsupported?: what the provider calls the part of it that we cannot show, cut?: whether it was longer,
                  reply_to?: the entry that it was put under, reaction?: the text is a sign put to that,
                  forwarded?: who wrote it first ("" where that is not told), deleted?: whoever wrote it took it back,
                  template?: {name, language, values},
                  context?: {page_url?, page_title?, cart?, order?, language?}: where and about what it was written}
      call        {direction, caller, dialled, queue} at append; the API adds live {state, outcome, started_at,
                  answered_at, ended_at, duration_ms, answered_by, recording: bool}
      transcript  {recording_id, language, model, duration_ms, utterances: [{speaker: caller|agent, start_ms, end_ms,
                  text, words: [{text, start_ms, end_ms, confidence}]}]}, times from the recording's begin
      note        {disposition?, agent_id}
      order       {order, status, total, currency, items: [{sku, name, quantity, price}], url?, delivery?: {city, address}}
      promise     {promise_id, state: open|kept|dropped, due_at?}; each state is an entry
      gap         {since, until}
    """

    id: str
    customer_id: str | None
    channel: str | None
    kind: EntryKind
    direction: EntryDirection | None
    author: str
    at: str
    text: str
    source: str
    source_key: str
    call_id: str | None = None
    conversation_id: str | None = None
    replaces_id: str | None = None
    replaced_by: str | None = None
    redacted: bool = False
    payload: dict[str, Any] = {}
    delivery: Delivery | None = None


class Page(msgspec.Struct, frozen=True):
    """Newest first; `next` is the opaque `before` of the following page, null at the end."""

    items: list[Entry]
    next: str | None

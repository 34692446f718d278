"""An entry as the API shows it.

The entry of a call is appended with what does not change; its state and times are joined from `call`, and what became of a
message of ours from `delivery`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.sql.selectable import Subquery

from bridge.domain.delivery import Delivery, DeliveryState
from bridge.domain.entry import Entry, EntryDirection, EntryKind
from bridge.domain.times import iso, iso_or_none
from bridge.store import schema

_entry = schema.timeline_entry
_call = schema.call
_agent = schema.agent
_recording = schema.recording
_delivery = schema.delivery

# Looked up, not called: an enum's own lookup takes as long as all the rest of an entry, and a card has twenty.
_KINDS = {kind.value: kind for kind in EntryKind}
_DIRECTIONS = {direction and direction.value: direction for direction in (None, *EntryDirection)}


def shown(entry: Subquery | Any) -> Select[Any]:
    """The columns of `entry` that the API shows, with the live state of its call."""
    names = (
        "id", "customer_id", "channel", "kind", "direction", "author", "occurred_at", "body", "source",
        "source_key", "call_id", "conversation_id", "replaces_id", "redacted_at", "payload",
    )  # fmt: skip
    recorded = (
        select(_recording.c.id)
        .where(_recording.c.call_id == _call.c.id, _recording.c.kind == "call")
        .exists()
        .label("recorded")
    )
    live = (_call.c.state, _call.c.outcome, _call.c.started_at, _call.c.answered_at, _call.c.ended_at)
    newer = _entry.alias("newer")
    replaced_by = (
        select(newer.c.id)
        .where(newer.c.replaces_id == entry.c.id)
        .order_by(newer.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    more = (_agent.c.name.label("answered_by"), recorded, replaced_by.label("replaced_by"))
    delivered = (
        _delivery.c.id.label("delivery_id"),
        _delivery.c.state.label("delivery_state"),
        _delivery.c.reason.label("delivery_reason"),
        _delivery.c.parts,
        _delivery.c.parts_sent,
    )
    return (
        select(*(entry.c[name] for name in names), *live, *more, *delivered)
        .select_from(entry)
        .outerjoin(_call, (_call.c.id == entry.c.call_id) & (entry.c.kind == "call"))
        .outerjoin(_agent, _agent.c.id == _call.c.answered_by)
        .outerjoin(_delivery, _delivery.c.entry_id == entry.c.id)
    )


def entry_of(row: Any) -> Entry:
    """The API's entry of a row of `shown`."""
    payload = row.payload
    if row.state is not None:
        payload = {**payload, **_live(row)}
    return Entry(
        id=row.id,
        customer_id=row.customer_id,
        channel=row.channel,
        kind=_KINDS[row.kind],
        direction=_DIRECTIONS[row.direction],
        author=row.author,
        at=iso(row.occurred_at),
        text=row.body,
        source=row.source,
        source_key=row.source_key,
        call_id=row.call_id,
        conversation_id=row.conversation_id,
        replaces_id=row.replaces_id,
        replaced_by=row.replaced_by,
        redacted=row.redacted_at is not None,
        payload=payload,
        delivery=None if row.delivery_id is None else _delivery_of(row),
    )


def _delivery_of(row: Any) -> Delivery:
    return Delivery(
        id=row.delivery_id,
        state=DeliveryState(row.delivery_state),
        reason=row.delivery_reason,
        parts=row.parts,
        parts_sent=row.parts_sent,
    )


def _live(row: Any) -> dict[str, Any]:
    talked = row.ended_at - row.answered_at if row.ended_at and row.answered_at else None
    return {
        "state": row.state,
        "outcome": row.outcome,
        "started_at": iso(row.started_at),
        "answered_at": iso_or_none(row.answered_at),
        "ended_at": iso_or_none(row.ended_at),
        "duration_ms": None if talked is None else talked // timedelta(milliseconds=1),
        "answered_by": row.answered_by,
        "recording": bool(row.recorded),
    }

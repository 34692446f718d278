"""Which entries of a timeline are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, String, bindparam, cast, or_, select, tuple_

from bridge.domain.entry import EntryKind
from bridge.domain.matter import Thing
from bridge.store import schema
from bridge.store.types import Id, UtcTime

_entry = schema.timeline_entry
_call = schema.call
_link = schema.matter_link
_order = schema.shop_order


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which entries; None is all. `since` is the first moment, `until` the first that is out.

    `agent_id`: what that agent wrote, and the calls that they answered. `matter_id`: what belongs to that matter now.
    """

    channel: str | None = None
    kind: EntryKind | None = None
    agent_id: str | None = None
    matter_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


ALL: Final = EntryFilter()

CONDITIONS: Final[dict[str, ColumnElement[bool]]] = {
    "channel": _entry.c.channel == bindparam("channel"),
    "kind": _entry.c.kind == bindparam("kind"),
    "agent_id": or_(
        _entry.c.payload["agent_id"].as_string() == bindparam("agent_id", type_=String()),
        select(_call.c.id)
        .where(
            _call.c.id == _entry.c.call_id,
            _entry.c.kind == EntryKind.CALL,
            _call.c.answered_by == bindparam("answered_by", type_=Id),
        )
        .exists(),
    ),
    "matter_id": select(_link.c.id)
    .outerjoin(_order, (_link.c.thing == Thing.ORDER) & (_order.c.id == _link.c.thing_id))
    .where(
        _link.c.matter_id == bindparam("matter_id", type_=Id),
        _link.c.removed_at.is_(None),
        or_(
            (_link.c.thing == Thing.CALL) & (_link.c.thing_id == _entry.c.call_id),
            (_link.c.thing == Thing.CONVERSATION) & (_link.c.thing_id == _entry.c.conversation_id),
            (_entry.c.kind == EntryKind.ORDER) & (_order.c.number == _entry.c.payload["order"].as_string()),
            (_entry.c.kind == EntryKind.PROMISE)
            & (cast(_link.c.thing_id, String) == _entry.c.payload["promise_id"].as_string()),
        ),
    )
    .exists(),
    "since": _entry.c.occurred_at >= bindparam("since", type_=UtcTime),
    "until": _entry.c.occurred_at < bindparam("until", type_=UtcTime),
    "before": tuple_(_entry.c.occurred_at, _entry.c.id)
    < tuple_(bindparam("before_at", type_=UtcTime), bindparam("before_id", type_=Id)),
}
"""Of each field of a filter, and of a page that is not the first; the parameters have the fields' names."""

"""Entries that desks hear of, and the one entry of a call."""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy import Connection

from bridge.domain.entry import EntryDirection, EntryKind
from bridge.domain.live import EVERYONE
from bridge.domain.times import parse_iso
from bridge.store import call_views, feed, people, timeline
from bridge.store.timeline import NewEntry

SOURCE: Final = "pbx"
PHONE: Final = "phone"

log = structlog.get_logger()


def append_and_tell(connection: Connection, new: NewEntry) -> timeline.Appended:
    """Append an entry; the desks hear of it once."""
    appended = timeline.append(connection, new)
    if appended.created:
        entry = timeline.get_entry(connection, appended.id)
        feed.append(connection, "entry", EVERYONE, entry, new.at)
        ids = {"entry_id": entry.id, "call_id": entry.call_id, "customer_id": entry.customer_id}
        log.info("entry_appended", kind=entry.kind.value, **ids)
    return appended


def append_call(connection: Connection, call_id: str) -> None:
    """The entry of a call, once its customer is known: what does not change. State and times are read from `call`."""
    call = call_views.get_summary(connection, call_id)
    if call.customer_id is None:
        return
    number = call.dialled if call.direction == EntryDirection.OUTBOUND else call.caller
    owner = people.find_owner(connection, PHONE, number)
    fixed = {name: getattr(call, name) for name in ("direction", "caller", "dialled", "queue")}
    append_and_tell(
        connection,
        NewEntry(
            kind=EntryKind.CALL,
            source=SOURCE,
            source_key=f"call/{call.pbx}/{call.linkedid}",
            at=parse_iso(call.started_at),
            channel=PHONE,
            direction=EntryDirection(call.direction),
            call_id=call_id,
            identity_id=owner.identity_id if owner else None,
            payload=fixed,
        ),
    )

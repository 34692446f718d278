"""An agent takes up a call whose caller nobody knows yet: by the number it is somebody from then on, as when it is answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.customer import Identity
from bridge.domain.entry import EntryDirection
from bridge.domain.live import EVERYONE
from bridge.flows.append_entry import PHONE, SOURCE, append_call
from bridge.store import call_views, calls, feed, filing, people
from bridge.store.filing import Subject
from pbx.number import parse


def know_caller(connection: Connection, call_id: str, at: datetime) -> None:
    """Nothing for a number that is withheld or none, for a colleague's call, and where people have filed it. Raises NotFound."""
    call = call_views.get_summary(connection, call_id)
    number = call.dialled if call.direction == EntryDirection.OUTBOUND else call.caller
    # A number is stored as E.164 where it is valid.
    is_known = call.customer_id is not None or calls.was_filed(connection, call_id)
    if is_known or call.direction == EntryDirection.INTERNAL or parse(number, "").e164 != number:
        return
    owner = people.resolve_owner(
        connection,
        Identity(PHONE, number),
        people.NewCustomer(name=""),
        evidence={"source": SOURCE, "call": f"{call.pbx}/{call.linkedid}"},
        at=at,
    )
    filing.file(connection, Subject.CALL, call_id, owner.leaf_id, by=filing.SYSTEM, reason="number", at=at)
    append_call(connection, call_id)
    feed.append(connection, "call", EVERYONE, call_views.get_summary(connection, call_id), at)

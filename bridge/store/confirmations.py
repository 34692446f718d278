"""An agent's word that it was this person behind a group's number: evidence of the belonging, kept by its filing.

`belonging.evidence` gets `confirmed`: [{filing, by, at}]; a belonging that began with such a word names it as `filing`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from bridge.domain.times import iso
from bridge.store import groups, schema
from bridge.store.leaves import leaves_of
from bridge.store.types import Id

_belonging = schema.belonging
_LIVE = select(_belonging.c.id, _belonging.c.evidence).where(
    _belonging.c.person_id.in_(leaves_of(bindparam("person_id", type_=Id))), _belonging.c.ended_at.is_(None)
)
_AMONG = (
    _LIVE.with_only_columns(_belonging.c.id)
    .where(_belonging.c.group_id.in_(leaves_of(bindparam("group_id", type_=Id))))
    .order_by(_belonging.c.id)
    .limit(1)
)
_BY_ID = select(_belonging.c.evidence).where(_belonging.c.id == bindparam("belonging_id"))
_SAY = (
    update(_belonging)
    .where(_belonging.c.id == bindparam("belonging_id"))
    .values(evidence=bindparam("says", type_=_belonging.c.evidence.type))
)
_END = (
    update(_belonging)
    .where(_belonging.c.id == bindparam("belonging_id"))
    .values(ended_at=bindparam("at", type_=_belonging.c.ended_at.type))
)


def confirm(
    conn: Connection, group_id: str, person_id: str, *, filing_id: str, by: str, at: datetime
) -> None:
    """`by` is an agent's id. A person who was not in the group is from now on."""
    made = {"source": "agent", "reason": "filed", "filing": filing_id}
    known = conn.scalar(_AMONG, {"group_id": group_id, "person_id": person_id})
    belonging_id = known or groups.belong(conn, group_id, person_id, evidence=made, at=at)
    evidence = conn.execute(_BY_ID, {"belonging_id": belonging_id}).scalar_one()
    word = {"filing": filing_id, "by": by, "at": iso(at)}
    says = {**evidence, "confirmed": [*evidence.get("confirmed", []), word]}
    conn.execute(_SAY, {"belonging_id": belonging_id, "says": says})


def withdraw(conn: Connection, person_id: str, filing_id: str, at: datetime) -> None:
    """Take back what was said with a filing; a belonging that rests on it alone ends."""
    for row in conn.execute(_LIVE, {"person_id": person_id}).all():
        words = row.evidence.get("confirmed", [])
        left = [word for word in words if word["filing"] != filing_id]
        if left == words:
            continue
        conn.execute(_SAY, {"belonging_id": row.id, "says": {**row.evidence, "confirmed": left}})
        if row.evidence.get("filing") == filing_id and not left:
            conn.execute(_END, {"belonging_id": row.id, "at": at})

"""The calls that were open when we last looked: what a starting server goes on from."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, and_, bindparam, literal_column, select

from bridge.store.calls import OPEN
from bridge.store.schema import call, call_leg, recording
from pbx.interface import Call, Direction, Leg, LegRole, LegState, Outcome

# Said literally, or SQLite does not see that the partial index holds them all.
_is_open = and_(call.c.state == literal_column(f"'{OPEN}'"), call.c.pbx == bindparam("of_pbx"))
_legs_of_open = (
    select(call_leg)
    .join(call, call.c.id == call_leg.c.call_id)
    .where(_is_open)
    .order_by(call_leg.c.created_at)
)
_joined = call.alias("joined")
_open = (
    select(call, _joined.c.linkedid.label("into"))
    .outerjoin(_joined, _joined.c.id == call.c.joined_to)
    .where(_is_open)
)
_recordings_of_open = (
    select(recording.c.call_id, recording.c.kind, recording.c.name)
    .join(call, call.c.id == recording.c.call_id)
    .where(_is_open)
)


def list_open(connection: Connection, pbx: str) -> list[tuple[str, Call]]:
    """The open calls of this PBX with their ids, as they were last seen, oldest first."""
    of_pbx = {"of_pbx": pbx}
    legs: dict[str, dict[str, Leg]] = {}
    for row in connection.execute(_legs_of_open, of_pbx):
        legs.setdefault(row.call_id, {})[row.uniqueid] = _leg(row)
    recordings: dict[str, dict[str, str]] = {}
    for row in connection.execute(_recordings_of_open, of_pbx):
        recordings.setdefault(row.call_id, {})[row.kind] = row.name
    found = [
        (row.id, _call(row, legs.get(row.id, {}), recordings.get(row.id, {})))
        for row in connection.execute(_open, of_pbx)
    ]
    return sorted(found, key=lambda one: one[1].started_at)


def _call(row: Any, legs: dict[str, Leg], recordings: dict[str, str]) -> Call:
    return Call(
        pbx=row.pbx,
        linkedid=row.linkedid,
        direction=Direction(row.direction),
        caller=row.caller,
        dialled=row.dialled,
        started_at=row.started_at,
        legs=MappingProxyType(legs),
        customer_id=row.customer_id,
        queue=row.queue,
        identified_at=row.identified_at,
        answered_at=row.answered_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        joined_to=row.into,
        recording=recordings.get("call"),
        voicemail="voicemail" in recordings,
    )


def _leg(row: Any) -> Leg:
    return Leg(
        uniqueid=row.uniqueid,
        channel=row.channel,
        role=LegRole(row.role),
        state=LegState(row.state),
        created_at=row.created_at,
        endpoint=row.endpoint,
        extension=row.extension,
        dialled_by=row.dialled_by,
        invited_at=row.invited_at,
        ringing_at=row.ringing_at,
        answered_at=row.answered_at,
        withdrawn_at=row.withdrawn_at,
        ended_at=row.ended_at,
        cause=row.cause,
    )

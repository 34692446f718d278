"""Telephone calls: their live state, legs, stages and recordings, as `flows.track_call` writes them.

`call.customer_id` is not written here: filings set it (`store.filing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bridge.domain.ids import new_id
from bridge.store.schema import agent, call, call_leg, call_stage, filing, recording
from pbx.interface import Call, Direction, Leg, LegRole, LegState, Outcome

OPEN = "open"
ENDED = "ended"


@dataclass(frozen=True, slots=True)
class UnfinishedRecording:
    """`answered`: an agent took the call, so that there was something to record."""

    id: str
    kind: str
    name: str
    answered: bool


_id_by_key = select(call.c.id).where(
    call.c.pbx == bindparam("of_pbx"), call.c.linkedid == bindparam("of_linkedid")
)
_update_call = (
    update(call)
    .where(call.c.id == bindparam("call_id"))
    .values(
        {
            name: bindparam(name)
            for name in (
                "direction",
                "caller",
                "dialled",
                "queue",
                "state",
                "outcome",
                "identified_at",
                "answered_at",
                "ended_at",
            )
        }
    )
)
_join = update(call).where(call.c.id == bindparam("call_id")).values(joined_to=bindparam("into"))
_answered_by = (
    update(call)
    .where(call.c.id == bindparam("call_id"), call.c.answered_by.is_(None))
    .values(
        answered_by=select(agent.c.id).where(agent.c.extension == bindparam("at_extension")).scalar_subquery()
    )
)
_LEG_STATE = (
    "state",
    "dialled_by",
    "invited_at",
    "ringing_at",
    "answered_at",
    "withdrawn_at",
    "ended_at",
    "cause",
)
_update_leg = (
    update(call_leg)
    .where(call_leg.c.call_id == bindparam("of_call"), call_leg.c.uniqueid == bindparam("of_uniqueid"))
    .values({name: bindparam(name) for name in _LEG_STATE})
)
_last_stage = (
    select(call_stage.c.at)
    .join(call, call.c.id == call_stage.c.call_id)
    .where(call.c.pbx == bindparam("of_pbx"))
    .order_by(call_stage.c.id.desc())
    .limit(1)
)
_customer_of = select(call.c.customer_id).where(call.c.id == bindparam("of_call"))
_filings_of = (
    select(filing.c.id)
    .where(filing.c.subject == "call", filing.c.subject_id == bindparam("of_call"))
    .limit(1)
)
_legs_of_open = (
    select(call_leg)
    .join(call, call.c.id == call_leg.c.call_id)
    .where(call.c.state == OPEN)
    .order_by(call_leg.c.created_at)
)
_joined = call.alias("joined")
_open = (
    select(call, _joined.c.linkedid.label("into"))
    .outerjoin(_joined, _joined.c.id == call.c.joined_to)
    .where(call.c.state == OPEN)
    .order_by(call.c.started_at)
)
_recordings_of_open = (
    select(recording.c.call_id, recording.c.kind, recording.c.name)
    .join(call, call.c.id == recording.c.call_id)
    .where(call.c.state == OPEN)
)
_find_recording = select(recording.c.id).where(
    recording.c.kind == bindparam("of_kind"), recording.c.name == bindparam("of_name")
)
_unfinished_recordings = (
    select(recording.c.id, recording.c.kind, recording.c.name, call.c.answered_at.label("answered_at"))
    .join(call, call.c.id == recording.c.call_id)
    .where(recording.c.state == "recording", call.c.state == ENDED)
)
_remove_recording = delete(recording).where(recording.c.id == bindparam("recording_id"))
_finish_recording = (
    update(recording)
    .where(recording.c.id == bindparam("recording_id"))
    .values(state=bindparam("new_state"), duration_ms=bindparam("milliseconds"))
)


def save_call(connection: Connection, call_id: str, seen: Call, *, caller: str, dialled: str) -> str:
    """Insert or update the row of `seen`; `caller` and `dialled` as they are shown. Returns the row's id.

    That is `call_id`, unless the call was stored under another id before.
    """
    stored = connection.scalar(_id_by_key, {"of_pbx": seen.pbx, "of_linkedid": seen.linkedid})
    values = {
        "direction": seen.direction.value,
        "caller": caller,
        "dialled": dialled,
        "queue": seen.queue,
        "state": OPEN if seen.ended_at is None else ENDED,
        "outcome": seen.outcome.value if seen.outcome else None,
        "identified_at": seen.identified_at,
        "answered_at": seen.answered_at,
        "ended_at": seen.ended_at,
    }
    if stored is not None:
        connection.execute(_update_call, {"call_id": stored, **values})
        return str(stored)
    key = {"id": call_id, "pbx": seen.pbx, "linkedid": seen.linkedid, "started_at": seen.started_at}
    connection.execute(insert(call), {**key, **values})
    return call_id


def save_legs(connection: Connection, call_id: str, legs: Mapping[str, Leg]) -> None:
    for leg in legs.values():
        state = {name: getattr(leg, name) for name in _LEG_STATE}
        key = {"of_call": call_id, "of_uniqueid": leg.uniqueid}
        if connection.execute(_update_leg, {**key, **state}).rowcount:
            continue
        fixed = {
            "call_id": call_id,
            "uniqueid": leg.uniqueid,
            "channel": leg.channel,
            "role": leg.role.value,
            "endpoint": leg.endpoint,
            "extension": leg.extension,
            "created_at": leg.created_at,
        }
        connection.execute(insert(call_leg), {**fixed, **state})


def add_stage(
    connection: Connection,
    call_id: str,
    stage: str,
    at: datetime,
    *,
    extension: str | None = None,
    leg: str | None = None,
    detail: str | None = None,
) -> None:
    """One step on the call's way; `extension` and `leg` of the agent that it concerns."""
    row = {"id": new_id(), "call_id": call_id, "stage": stage, "at": at}
    connection.execute(insert(call_stage), {**row, "extension": extension, "leg": leg, "detail": detail})


def find_id(connection: Connection, pbx: str, linkedid: str) -> str | None:
    return connection.scalar(_id_by_key, {"of_pbx": pbx, "of_linkedid": linkedid})


def join(connection: Connection, call_id: str, into_id: str) -> None:
    """A transfer joined this call to another one."""
    connection.execute(_join, {"call_id": call_id, "into": into_id})


def set_answered_by(connection: Connection, call_id: str, extension: str) -> None:
    """The first agent who answered stays the one."""
    connection.execute(_answered_by, {"call_id": call_id, "at_extension": extension})


def add_recording(
    connection: Connection, call_id: str, kind: str, name: str, *, started_at: datetime, state: str
) -> tuple[str, bool]:
    """The recording's id, and whether it is new. `kind` call or voicemail; `name` as in `schema.recording`."""
    stored = connection.scalar(_find_recording, {"of_kind": kind, "of_name": name})
    if stored is not None:
        return str(stored), False
    recording_id = new_id()
    row = {"id": recording_id, "call_id": call_id, "kind": kind, "name": name}
    connection.execute(insert(recording), {**row, "state": state, "started_at": started_at})
    return recording_id, True


def list_unfinished_recordings(connection: Connection) -> list[UnfinishedRecording]:
    """Recordings of ended calls that nobody has looked at since."""
    return [
        UnfinishedRecording(row.id, row.kind, row.name, answered=row.answered_at is not None)
        for row in connection.execute(_unfinished_recordings)
    ]


def remove_recording(connection: Connection, recording_id: str) -> None:
    """There was nothing to record."""
    connection.execute(_remove_recording, {"recording_id": recording_id})


def finish_recording(connection: Connection, recording_id: str, duration_ms: int | None) -> None:
    """It is ready, or missing when it has no duration."""
    state = "missing" if duration_ms is None else "ready"
    values = {"recording_id": recording_id, "new_state": state, "milliseconds": duration_ms}
    connection.execute(_finish_recording, values)


def list_open(connection: Connection) -> list[tuple[str, Call]]:
    """The open calls with their ids, as they were last seen: what a starting server goes on from."""
    legs: dict[str, dict[str, Leg]] = {}
    for row in connection.execute(_legs_of_open):
        legs.setdefault(row.call_id, {})[row.uniqueid] = _leg(row)
    recordings: dict[str, dict[str, str]] = {}
    for row in connection.execute(_recordings_of_open):
        recordings.setdefault(row.call_id, {})[row.kind] = row.name
    return [
        (row.id, _call(row, legs.get(row.id, {}), recordings.get(row.id, {})))
        for row in connection.execute(_open)
    ]


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


def find_customer(connection: Connection, call_id: str) -> str | None:
    """The leaf that the call is filed under."""
    return connection.scalar(_customer_of, {"of_call": call_id})


def was_filed(connection: Connection, call_id: str) -> bool:
    """Whether anybody ever filed it, also when that was undone."""
    return connection.scalar(_filings_of, {"of_call": call_id}) is not None


def find_last_watched(connection: Connection, pbx: str) -> datetime | None:
    """When this PBX last told anything that is stored."""
    return connection.scalar(_last_stage, {"of_pbx": pbx})

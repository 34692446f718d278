"""Telephone calls: their live state, legs, stages and recordings, as `flows.track_call` writes them.

`call.customer_id` is not written here: filings set it (`store.filing`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, literal_column, select, update

from bridge.domain.ids import new_id
from bridge.store.prepared import Prepared, PreparedWrite, values_of_columns
from bridge.store.schema import agent, call, call_leg, call_stage, filing, recording
from pbx.interface import Call, Leg

OPEN = "open"
ENDED = "ended"


@dataclass(frozen=True, slots=True)
class UnfinishedRecording:
    """`answered`: an agent took the call, so that there was something to record."""

    id: str
    call_id: str
    kind: str
    name: str
    answered: bool


_STATE = (
    "direction", "caller", "dialled", "queue", "state", "outcome", "identified_at", "answered_at", "ended_at",
)  # fmt: skip
_LEG_STATE = (
    "state", "dialled_by", "invited_at", "ringing_at", "answered_at", "withdrawn_at", "ended_at", "cause",
)  # fmt: skip
_BY_KEY = Prepared(
    select(call.c.id, call.c.customer_id).where(
        call.c.pbx == bindparam("pbx"), call.c.linkedid == bindparam("linkedid")
    )
)
_INSERT = PreparedWrite(
    insert(call).values(values_of_columns(call, "id", "pbx", "linkedid", "started_at", *_STATE))
)
_UPDATE = PreparedWrite(
    update(call).where(call.c.id == bindparam("call_id")).values(values_of_columns(call, *_STATE))
)
_INSERT_LEG = PreparedWrite(
    insert(call_leg).values(
        values_of_columns(
            call_leg,
            *("call_id", "uniqueid", "channel", "role", "endpoint", "extension", "created_at"),
            *_LEG_STATE,
        )
    )
)
_UPDATE_LEG = PreparedWrite(
    update(call_leg)
    .where(call_leg.c.call_id == bindparam("of_call"), call_leg.c.uniqueid == bindparam("of_uniqueid"))
    .values(values_of_columns(call_leg, *_LEG_STATE))
)
_INSERT_STAGE = PreparedWrite(
    insert(call_stage).values(
        values_of_columns(call_stage, "id", "call_id", "stage", "at", "extension", "leg", "detail")
    )
)
_join = update(call).where(call.c.id == bindparam("call_id")).values(joined_to=bindparam("into"))
_ANSWERED_BY = PreparedWrite(
    update(call)
    .where(call.c.id == bindparam("call_id"), call.c.answered_by.is_(None))
    .values(
        answered_by=select(agent.c.id).where(agent.c.extension == bindparam("at_extension")).scalar_subquery()
    )
)
_FILINGS_OF = Prepared(
    select(filing.c.id)
    .where(filing.c.subject == "call", filing.c.subject_id == bindparam("of_call"))
    .limit(1)
)
_FIND_RECORDING = Prepared(
    select(recording.c.id).where(
        recording.c.kind == bindparam("of_kind"), recording.c.name == bindparam("of_name")
    )
)
_INSERT_RECORDING = PreparedWrite(
    insert(recording).values(
        values_of_columns(recording, "id", "call_id", "kind", "name", "state", "started_at")
    )
)
_UNFINISHED_RECORDINGS = Prepared(
    select(recording.c.id, recording.c.call_id, recording.c.kind, recording.c.name, call.c.answered_at)
    .join(call, call.c.id == recording.c.call_id)
    # Said literally, or SQLite does not see that the partial index holds them all.
    .where(recording.c.state == literal_column("'recording'"), call.c.state == literal_column(f"'{ENDED}'"))
    .where(call.c.pbx == bindparam("of_pbx"))
)
_remove_recording = delete(recording).where(recording.c.id == bindparam("recording_id"))
_FINISH_RECORDING = PreparedWrite(
    update(recording)
    .where(recording.c.id == bindparam("recording_id"))
    .values(values_of_columns(recording, "state", "duration_ms"))
)


@dataclass(frozen=True, slots=True)
class SavedCall:
    """The row of a call, and the leaf that it is filed under."""

    id: str
    customer_id: str | None


def save_call(connection: Connection, call_id: str, seen: Call, *, caller: str, dialled: str) -> SavedCall:
    """Insert or update the row of `seen`; `caller` and `dialled` as they are shown.

    The row's id is `call_id`, unless the call was stored under another id before.
    """
    stored = find(connection, seen.pbx, seen.linkedid)
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
        _UPDATE.run(connection, call_id=stored.id, **values)
        return stored
    key = {"id": call_id, "pbx": seen.pbx, "linkedid": seen.linkedid, "started_at": seen.started_at}
    _INSERT.run(connection, **key, **values)
    return SavedCall(call_id, None)


def save_legs(connection: Connection, call_id: str, legs: Iterable[Leg]) -> None:
    for leg in legs:
        state = {name: getattr(leg, name) for name in _LEG_STATE}
        if _UPDATE_LEG.run(connection, of_call=call_id, of_uniqueid=leg.uniqueid, **state):
            continue
        _INSERT_LEG.run(
            connection,
            call_id=call_id,
            uniqueid=leg.uniqueid,
            channel=leg.channel,
            role=leg.role.value,
            endpoint=leg.endpoint,
            extension=leg.extension,
            created_at=leg.created_at,
            **state,
        )


@dataclass(frozen=True, slots=True)
class NewStage:
    """One step on a call's way; `extension` and `leg` of the agent that it concerns."""

    stage: str
    at: datetime
    extension: str | None = None
    leg: str | None = None
    detail: str | None = None


def add_stages(connection: Connection, call_id: str, stages: Iterable[NewStage]) -> None:
    for new in stages:
        _INSERT_STAGE.run(
            connection,
            id=new_id(),
            call_id=call_id,
            stage=new.stage,
            at=new.at,
            extension=new.extension,
            leg=new.leg,
            detail=new.detail,
        )


def find(connection: Connection, pbx: str, linkedid: str) -> SavedCall | None:
    rows = _BY_KEY.rows(connection, pbx=pbx, linkedid=linkedid)
    return SavedCall(rows[0].id, rows[0].customer_id) if rows else None


def join(connection: Connection, call_id: str, into_id: str) -> None:
    """A transfer joined this call to another one."""
    connection.execute(_join, {"call_id": call_id, "into": into_id})


def set_answered_by(connection: Connection, call_id: str, extension: str) -> None:
    """The first agent who answered stays the one."""
    _ANSWERED_BY.run(connection, call_id=call_id, at_extension=extension)


def add_recording(
    connection: Connection, call_id: str, kind: str, name: str, *, started_at: datetime, state: str
) -> tuple[str, bool]:
    """The recording's id, and whether it is new. `kind` call or voicemail; `name` as in `schema.recording`."""
    stored = _FIND_RECORDING.rows(connection, of_kind=kind, of_name=name)
    if stored:
        return stored[0].id, False
    recording_id = new_id()
    _INSERT_RECORDING.run(
        connection,
        id=recording_id,
        call_id=call_id,
        kind=kind,
        name=name,
        state=state,
        started_at=started_at,
    )
    return recording_id, True


def list_unfinished_recordings(connection: Connection, pbx: str) -> list[UnfinishedRecording]:
    """Recordings of ended calls of this PBX that nobody has looked at since."""
    return [
        UnfinishedRecording(row.id, row.call_id, row.kind, row.name, answered=row.answered_at is not None)
        for row in _UNFINISHED_RECORDINGS.rows(connection, of_pbx=pbx)
    ]


def remove_recording(connection: Connection, recording_id: str) -> None:
    """There was nothing to record."""
    connection.execute(_remove_recording, {"recording_id": recording_id})


def finish_recording(connection: Connection, recording_id: str, duration_ms: int | None) -> None:
    """It is ready, or missing when it has no duration."""
    state = "missing" if duration_ms is None else "ready"
    _FINISH_RECORDING.run(connection, recording_id=recording_id, state=state, duration_ms=duration_ms)


def was_filed(connection: Connection, call_id: str) -> bool:
    """Whether anybody ever filed it, also when that was undone."""
    return bool(_FILINGS_OF.rows(connection, of_call=call_id))

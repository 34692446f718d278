"""Calls as the API shows them: summaries, details, lists by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select, tuple_

from bridge.domain.call import CallDetail, CallLeg, CallRecording, CallSummary, Stage
from bridge.domain.times import iso, iso_or_none
from bridge.errors import NotFound
from bridge.store import transcripts
from bridge.store.calls import OPEN
from bridge.store.paging import place, read_place
from bridge.store.prepared import Prepared
from bridge.store.schema import agent, call, call_leg, call_stage, customer, recording

_leaf = customer.alias("leaf")
_canonical = customer.alias("canonical")
_owner = agent.alias("owner")
_summary = (
    select(
        call,
        _canonical.c.id.label("canonical_id"),
        _canonical.c.name.label("customer_name"),
        agent.c.name.label("agent_name"),
        _owner.c.name.label("owner_name"),
    )
    .outerjoin(_leaf, _leaf.c.id == call.c.customer_id)
    .outerjoin(_canonical, _canonical.c.id == _leaf.c.canonical_id)
    .outerjoin(agent, agent.c.id == call.c.answered_by)
    .outerjoin(_owner, _owner.c.id == call.c.owner_id)
)
_BY_ID = Prepared(_summary.where(call.c.id == bindparam("call_id")))
_page = _summary.order_by(call.c.started_at.desc(), call.c.id.desc()).limit(bindparam("most"))
# Of all calls the few open ones, off their partial index, however many there are.
_is_open = call.c.id.in_(select(call.c.id).where(call.c.state == literal_column(f"'{OPEN}'")))
_legs_of_open = (
    select(call_leg.c.uniqueid, call_leg.c.call_id)
    .join(call, call.c.id == call_leg.c.call_id)
    .where(call.c.state == literal_column(f"'{OPEN}'"))
)
_of_customer = call.c.customer_id.in_(
    select(customer.c.id).where(
        customer.c.canonical_id
        == select(_leaf.c.canonical_id).where(_leaf.c.id == bindparam("customer_id")).scalar_subquery()
    )
)
_stages = (
    select(call_stage)
    .where(call_stage.c.call_id == bindparam("call_id"))
    .order_by(call_stage.c.at, call_stage.c.id)
)
_legs = (
    select(call_leg)
    .where(call_leg.c.call_id == bindparam("call_id"))
    .order_by(call_leg.c.created_at, call_leg.c.uniqueid)
)
_recordings = (
    select(recording).where(recording.c.call_id == bindparam("call_id")).order_by(recording.c.started_at)
)
_recording = select(recording).where(recording.c.id == bindparam("recording_id"))


def get_summary(connection: Connection, call_id: str) -> CallSummary:
    """Raises NotFound."""
    return CallSummary(**_fields(_get(connection, call_id)))


def list_open_by_leg(connection: Connection) -> dict[str, CallSummary]:
    """The open calls by the Uniqueids of all their legs."""
    calls = {row.id: CallSummary(**_fields(row)) for row in connection.execute(_summary.where(_is_open))}
    legs = connection.execute(_legs_of_open)
    return {leg.uniqueid: calls[leg.call_id] for leg in legs if leg.call_id in calls}


def get_detail(connection: Connection, call_id: str) -> CallDetail:
    """With stages in the order of their times. Raises NotFound."""
    row = _get(connection, call_id)
    given = {"call_id": call_id}
    words = transcripts.states_of_call(connection, call_id)
    return CallDetail(
        **_fields(row),
        stages=[
            Stage(stage=s.stage, at=iso(s.at), extension=s.extension, detail=s.detail)
            for s in connection.execute(_stages, given)
        ],
        legs=[_leg(leg) for leg in connection.execute(_legs, given)],
        recordings=[
            CallRecording(
                id=r.id, kind=r.kind, state=r.state, duration_ms=r.duration_ms, transcript=words.get(r.id)
            )
            for r in connection.execute(_recordings, given)
        ],
        joined_to=row.joined_to,
    )


def list_calls(
    connection: Connection,
    *,
    limit: int,
    before: str | None = None,
    state: str | None = None,
    customer_id: str | None = None,
) -> tuple[Sequence[CallSummary], str | None]:
    """Newest first, and the place of the next page, None at the end. Raises InvalidInput for a wrong `before`."""
    conditions: list[ColumnElement[bool]] = []
    values: dict[str, Any] = {"most": limit + 1}
    if before is not None:
        at, row_id = read_place(before)
        conditions.append(
            tuple_(call.c.started_at, call.c.id)
            < tuple_(bindparam("at", type_=call.c.started_at.type), bindparam("before_id"))
        )
        values |= {"at": at, "before_id": row_id}
    if state == OPEN:
        conditions.append(_is_open)
    elif state is not None:
        conditions.append(call.c.state == bindparam("of_state"))
        values["of_state"] = state
    if customer_id is not None:
        conditions.append(_of_customer)
        values["customer_id"] = customer_id
    rows = connection.execute(_page.where(*conditions), values).all()
    shown = rows[:limit]
    following = place(shown[-1].started_at, shown[-1].id) if len(rows) > limit else None
    return [CallSummary(**_fields(row)) for row in shown], following


def get_recording(connection: Connection, recording_id: str) -> tuple[str, str]:
    """Kind (call, voicemail) and name. Raises NotFound."""
    row = connection.execute(_recording, {"recording_id": recording_id}).one_or_none()
    if row is None:
        raise NotFound("no such recording")
    return row.kind, row.name


def _get(connection: Connection, call_id: str) -> Any:
    rows = _BY_ID.rows(connection, call_id=call_id)
    if not rows:
        raise NotFound("no such call")
    return rows[0]


def _fields(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "pbx": row.pbx,
        "linkedid": row.linkedid,
        "direction": row.direction,
        "caller": row.caller,
        "dialled": row.dialled,
        "customer_id": row.canonical_id,
        "customer_name": row.customer_name,
        "queue": row.queue,
        "state": row.state,
        "outcome": row.outcome,
        "started_at": iso(row.started_at),
        "answered_at": iso_or_none(row.answered_at),
        "ended_at": iso_or_none(row.ended_at),
        "answered_by": row.agent_name,
        "owner_id": row.owner_id,
        "owner": row.owner_name,
        "handled_at": iso_or_none(row.handled_at),
    }


def _leg(row: Any) -> CallLeg:
    return CallLeg(
        uniqueid=row.uniqueid,
        role=row.role,
        state=row.state,
        extension=row.extension,
        created_at=iso(row.created_at),
        ringing_at=iso_or_none(row.ringing_at),
        answered_at=iso_or_none(row.answered_at),
        ended_at=iso_or_none(row.ended_at),
        cause=row.cause,
    )

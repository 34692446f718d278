"""Wrap-ups: what an agent still has to do after a call. One for each agent who was on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from bridge.store.prepared import Prepared, PreparedWrite, values_of_columns
from bridge.store.schema import call, call_leg, call_stage, wrap_up

_of = (wrap_up.c.call_id == bindparam("of_call"), wrap_up.c.agent_id == bindparam("of_agent"))
_FIND = Prepared(select(wrap_up.c.done_at, wrap_up.c.entry_id).where(*_of))
_BEGIN = PreparedWrite(
    insert(wrap_up).values(values_of_columns(wrap_up, "call_id", "agent_id", "began_at", "until"))
)
_open = (
    select(wrap_up.c.call_id)
    .where(wrap_up.c.agent_id == bindparam("of_agent"), wrap_up.c.done_at.is_(None))
    .order_by(wrap_up.c.began_at.desc())
    .limit(50)
)
_under_way = (
    select(wrap_up.c.agent_id, wrap_up.c.call_id, wrap_up.c.until)
    .join(call, call.c.id == wrap_up.c.call_id)
    .where(wrap_up.c.done_at.is_(None), wrap_up.c.until > bindparam("now"), call.c.pbx == bindparam("of_pbx"))
    .order_by(wrap_up.c.until)
)
_finish = (
    update(wrap_up)
    .where(*_of)
    .values(done_at=bindparam("at"), disposition=bindparam("code"), entry_id=bindparam("entry"))
)
_was_asked = (
    select(call_leg.c.uniqueid)
    .where(call_leg.c.call_id == bindparam("of_call"), call_leg.c.extension == bindparam("at_extension"))
    .limit(1)
)
_spoke = (
    select(call_stage.c.id)
    .where(call_stage.c.call_id == bindparam("of_call"), call_stage.c.extension == bindparam("at_extension"))
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class WrapUp:
    """`done_at` None while it is open; `entry_id` of the note that came of it."""

    done_at: datetime | None
    entry_id: str | None


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A wrap-up that keeps its agent out of the queues until `until`."""

    agent_id: str
    call_id: str
    until: datetime


def find(connection: Connection, call_id: str, agent_id: str) -> WrapUp | None:
    rows = _FIND.rows(connection, of_call=call_id, of_agent=agent_id)
    return WrapUp(rows[0].done_at, rows[0].entry_id) if rows else None


def begin(
    connection: Connection, call_id: str, agent_id: str, at: datetime, until: datetime | None = None
) -> None:
    """Open a wrap-up, which keeps its agent out of the queues until `until`; one that there is already stays as it is."""
    if find(connection, call_id, agent_id) is None:
        _BEGIN.run(connection, call_id=call_id, agent_id=agent_id, began_at=at, until=until)


def finish(
    connection: Connection,
    call_id: str,
    agent_id: str,
    *,
    disposition: str,
    entry_id: str | None,
    at: datetime,
) -> None:
    values = {"of_call": call_id, "of_agent": agent_id, "code": disposition, "entry": entry_id, "at": at}
    connection.execute(_finish, values)


def list_open(connection: Connection, agent_id: str) -> list[str]:
    """The calls whose wrap-up by this agent is open, newest first, 50 at most."""
    return list(connection.scalars(_open, {"of_agent": agent_id}))


def list_under_way(connection: Connection, pbx: str, now: datetime) -> list[UnderWay]:
    """Those of calls of this PBX, the one that ends last at the end."""
    rows = connection.execute(_under_way, {"of_pbx": pbx, "now": now})
    return [UnderWay(row.agent_id, row.call_id, row.until) for row in rows]


def was_on_call(connection: Connection, call_id: str, extension: str) -> bool:
    """Whether a phone at this extension is or was a leg of the call, ringing ones included, or came to speak in it."""
    values = {"of_call": call_id, "at_extension": extension}
    return any(connection.scalar(query, values) is not None for query in (_was_asked, _spoke))

"""Who takes how much of the work in writing, who has how much, and what nobody has yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, func, literal_column, or_, select, update

from bridge.domain.duty import Duty
from bridge.domain.matter import Thing
from bridge.domain.routing import Waiting
from bridge.errors import NotFound
from bridge.store import schema
from bridge.store.types import Id, UtcTime

_agent = schema.agent
_conversation = schema.conversation
_rule = schema.inbox_rule

WARM: Final = timedelta(minutes=10)
"""So long after the last word, one that was answered still takes its agent's attention."""

_DUTIES = (
    select(_agent.c.id, _agent.c.name, _agent.c.capacity, _agent.c.skills, _agent.c.languages)
    .where(_agent.c.disabled_at.is_(None))
    .order_by(_agent.c.name, _agent.c.id)
)
_IS_WORK = _conversation.c.state != literal_column("'resolved'")
_IS_OPEN = _IS_WORK & (_conversation.c.state == "open")
_LOADS = (
    select(_conversation.c.assignee_id, func.count().label("load"))
    .where(
        _IS_OPEN,
        _conversation.c.assignee_id.is_not(None),
        or_(
            _conversation.c.waiting_since.is_not(None),
            _conversation.c.last_at > bindparam("warm_since", type_=UtcTime),
        ),
    )
    .group_by(_conversation.c.assignee_id)
)
_leaf, _canonical = schema.customer.alias("leaf"), schema.customer.alias("canonical")
_before, _other_leaf = _conversation.alias("before"), schema.customer.alias("other_leaf")
_LAST_AGENT = (
    select(_before.c.assignee_id)
    .join(_other_leaf, _other_leaf.c.id == _before.c.customer_id)
    .where(_other_leaf.c.canonical_id == _canonical.c.id, _before.c.assignee_id.is_not(None))
    .order_by(_before.c.last_at.desc())
    .limit(1)
    .correlate(_canonical)
    .scalar_subquery()
)
_link = schema.continue_link
_KEEPER = (
    select(_link.c.made_by)
    .where(_link.c.led_to == Thing.CONVERSATION, _link.c.led_to_id == _conversation.c.id)
    .order_by(_link.c.id.desc())
    .limit(1)
    .correlate(_conversation)
    .scalar_subquery()
)
_WAITING = (
    select(
        _conversation.c.id,
        _conversation.c.waiting_since,
        _conversation.c.priority,
        _conversation.c.assignee_id,
        _conversation.c.escalated_at,
        _rule.c.skill,
        _canonical.c.language,
        _LAST_AGENT.label("last_agent"),
        _KEEPER.label("keeper"),
        _canonical.c.id.label("customer_id"),
    )
    .outerjoin(_rule, _rule.c.inbox_id == _conversation.c.inbox_id)
    .outerjoin(_leaf, _leaf.c.id == _conversation.c.customer_id)
    .outerjoin(_canonical, _canonical.c.id == _leaf.c.canonical_id)
    .where(
        _IS_OPEN,
        _conversation.c.waiting_since.is_not(None),
        or_(_conversation.c.assignee_id.is_(None), _conversation.c.escalated_at.is_not(None)),
    )
    .order_by(_conversation.c.waiting_since)
    .limit(bindparam("most"))
)


_call = schema.call
_CALLERS = (
    select(_call.c.id, _leaf.c.canonical_id)
    .join(_leaf, _leaf.c.id == _call.c.customer_id)
    .where(_call.c.id.in_(bindparam("calls", expanding=True, type_=Id)))
)


def find_callers(connection: Connection, call_ids: Sequence[str]) -> dict[str, str]:
    """By call, the customer whose it is; calls of nobody known are left out."""
    rows = connection.execute(_CALLERS, {"calls": list(call_ids)})
    return {row.id: row.canonical_id for row in rows}


def list_duties(connection: Connection) -> list[Duty]:
    """Those who may log in, by name."""
    return [
        Duty(
            agent_id=row.id,
            name=row.name,
            capacity=row.capacity,
            skills=row.skills,
            languages=row.languages,
        )
        for row in connection.execute(_DUTIES)
    ]


def save_duty(
    connection: Connection, agent_id: str, *, capacity: int, skills: list[str], languages: list[str]
) -> Duty:
    """Raises NotFound."""
    values = {"capacity": capacity, "skills": skills, "languages": languages}
    connection.execute(update(_agent).where(_agent.c.id == agent_id).values(values))
    found = [duty for duty in list_duties(connection) if duty.agent_id == agent_id]
    if not found:
        raise NotFound("no such agent")
    return found[0]


def count_loads(connection: Connection, now: datetime) -> dict[str, int]:
    """By agent, how many conversations take their attention."""
    rows = connection.execute(_LOADS, {"warm_since": now - WARM})
    return {row.assignee_id: row.load for row in rows}


def list_unattended(connection: Connection, away: frozenset[str], most: int) -> list[Waiting]:
    """Customers who wait and are nobody's; and those that are overdue with an agent who is `away`."""
    return [
        Waiting(
            id=row.id,
            since=row.waiting_since,
            priority=row.priority,
            skill=row.skill,
            language=row.language,
            last_agent=row.last_agent,
            keeper=row.keeper,
            customer_id=row.customer_id,
        )
        for row in connection.execute(_WAITING, {"most": most})
        if row.assignee_id is None or row.assignee_id in away
    ]

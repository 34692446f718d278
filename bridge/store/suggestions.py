"""Suggestions that two customers may be one: made once for two leaves, decided by a person, remembered.

What was decided of two holds for all that they are read as: a pair of which any two leaves were declined (or accepted)
is not suggested again. One that is open gathers evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, or_, select, tuple_, update

from bridge.domain.customer import CustomerKind
from bridge.domain.ids import new_id
from bridge.domain.merge import Suggestion, SuggestionReason, SuggestionState
from bridge.domain.times import iso, iso_or_none
from bridge.errors import Conflict, NotFound
from bridge.store import schema
from bridge.store.paging import place, read_place
from bridge.store.profiles import get_customer
from bridge.store.types import Id, UtcTime

MOST_EVIDENCE = 20

_suggestion = schema.suggestion
_low, _high = schema.customer.alias("low"), schema.customer.alias("high")
_ones, _others = (bindparam(name, expanding=True, type_=Id) for name in ("ones", "others"))
_BETWEEN = (
    select(_suggestion.c.id, _suggestion.c.state, _suggestion.c.evidence)
    .where(
        or_(
            and_(_suggestion.c.leaf_low.in_(_ones), _suggestion.c.leaf_high.in_(_others)),
            and_(_suggestion.c.leaf_low.in_(_others), _suggestion.c.leaf_high.in_(_ones)),
        )
    )
    .order_by(_suggestion.c.id)
)
_SAY = (
    update(_suggestion)
    .where(_suggestion.c.id == bindparam("suggestion_id"))
    .values(evidence=bindparam("says", type_=_suggestion.c.evidence.type))
)
_SHOWN = (
    select(_suggestion, schema.agent.c.name.label("agent_name"))
    .join(_low, _low.c.id == _suggestion.c.leaf_low)
    .join(_high, _high.c.id == _suggestion.c.leaf_high)
    .outerjoin(schema.agent, schema.agent.c.id == _suggestion.c.decided_by)
)
_BY_ID = _SHOWN.where(_suggestion.c.id == bindparam("suggestion_id"))
_PAGE = (
    _SHOWN.where(_suggestion.c.state == bindparam("of_state"))
    .order_by(_suggestion.c.at.desc(), _suggestion.c.id.desc())
    .limit(bindparam("most"))
)
_BEFORE = tuple_(_suggestion.c.at, _suggestion.c.id) < tuple_(
    bindparam("before_at", type_=UtcTime), bindparam("before_id", type_=Id)
)


def suggest(
    conn: Connection,
    leaf_a: str,
    leaf_b: str,
    reason: SuggestionReason,
    *,
    evidence: dict[str, Any],
    at: datetime,
) -> None:
    """Say that two leaves may be one. Nothing happens when they are one already, cannot be, or that was decided."""
    one, other = get_customer(conn, leaf_a), get_customer(conn, leaf_b)
    if one.id == other.id or (one.kind is CustomerKind.PERSON) != (other.kind is CustomerKind.PERSON):
        return
    said = {"reason": reason, **evidence}
    known = conn.execute(_BETWEEN, {"ones": one.leaves, "others": other.leaves}).all()
    if any(row.state != SuggestionState.OPEN for row in known):
        return
    if known:
        if said not in known[0].evidence and len(known[0].evidence) < MOST_EVIDENCE:
            conn.execute(_SAY, {"suggestion_id": known[0].id, "says": [*known[0].evidence, said]})
        return
    low, high = sorted((leaf_a, leaf_b))
    values = {"id": new_id(), "leaf_low": low, "leaf_high": high, "reason": reason}
    conn.execute(insert(_suggestion), {**values, "evidence": [said], "state": SuggestionState.OPEN, "at": at})


def list_suggestions(
    conn: Connection, *, state: SuggestionState, limit: int, before: str | None = None
) -> tuple[Sequence[Suggestion], str | None]:
    """Newest first, and the place of the next page. Open ones of customers who became one otherwise are left out.

    Raises InvalidInput for a wrong `before`.
    """
    statement, values = _PAGE, {"of_state": state, "most": limit + 1}
    if state is SuggestionState.OPEN:
        statement = statement.where(_low.c.canonical_id != _high.c.canonical_id)
    if before is not None:
        statement = statement.where(_BEFORE)
        values["before_at"], values["before_id"] = read_place(before)
    rows = conn.execute(statement, values).all()
    following = place(rows[limit - 1].at, rows[limit - 1].id) if len(rows) > limit else None
    return [_suggestion_of(conn, row) for row in rows[:limit]], following


def get_suggestion(conn: Connection, suggestion_id: str) -> Suggestion:
    """Raises NotFound."""
    return _suggestion_of(conn, _get(conn, suggestion_id))


def ends_of_open(conn: Connection, suggestion_id: str) -> tuple[str, str]:
    """Its two leaves, the older first. Raises NotFound; Conflict when it is decided."""
    row = _get(conn, suggestion_id)
    if row.state != SuggestionState.OPEN:
        raise Conflict(f"this suggestion is {row.state} already")
    return row.leaf_low, row.leaf_high


def decide(
    conn: Connection,
    suggestion_id: str,
    state: SuggestionState,
    *,
    by: str,
    at: datetime,
    merge_id: str | None = None,
) -> None:
    """`by` is an agent's id."""
    conn.execute(
        update(_suggestion)
        .where(_suggestion.c.id == suggestion_id)
        .values(state=state, decided_by=by, decided_at=at, merge_id=merge_id)
    )


def _get(conn: Connection, suggestion_id: str) -> Any:
    row = conn.execute(_BY_ID, {"suggestion_id": suggestion_id}).one_or_none()
    if row is None:
        raise NotFound("no such suggestion")
    return row


def _suggestion_of(conn: Connection, row: Any) -> Suggestion:
    return Suggestion(
        id=row.id,
        customers=[get_customer(conn, row.leaf_low), get_customer(conn, row.leaf_high)],
        reason=SuggestionReason(row.reason),
        evidence=row.evidence,
        state=SuggestionState(row.state),
        at=iso(row.at),
        decided_by=row.agent_name,
        decided_at=iso_or_none(row.decided_at),
        merge_id=row.merge_id,
    )

"""Consents: each yes and no with its proof, never changed; the newest of a channel and purpose counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, insert, select

from bridge.domain.consent import Consent, Purpose
from bridge.domain.ids import new_id
from bridge.domain.times import iso
from bridge.store import schema
from bridge.store.types import Id

_consent = schema.consent
_ALL = (
    select(_consent)
    .where(_consent.c.customer_id.in_(bindparam("leaves", expanding=True, type_=Id)))
    .order_by(_consent.c.at.desc(), _consent.c.id.desc())
)
_NEWEST = (
    select(_consent)
    .where(
        _consent.c.customer_id.in_(bindparam("leaves", expanding=True, type_=Id)),
        _consent.c.channel == bindparam("channel"),
        _consent.c.purpose == bindparam("purpose"),
    )
    .order_by(_consent.c.at.desc(), _consent.c.id.desc())
    .limit(1)
)


def add(
    conn: Connection,
    customer_id: str,
    *,
    channel: str,
    purpose: Purpose,
    granted: bool,
    words: str,
    by: str,
    at: datetime,
    entry_id: str | None = None,
) -> Consent:
    """Keep what a leaf has said; `by` is an agent's id or 'system'."""
    kept = Consent(
        id=new_id(),
        channel=channel,
        purpose=purpose,
        granted=granted,
        at=iso(at),
        words=words,
        by=by,
        entry_id=entry_id,
    )
    conn.execute(insert(_consent), msgspec.structs.asdict(kept) | {"customer_id": customer_id, "at": at})
    return kept


def list_consents(conn: Connection, leaves: Sequence[str]) -> list[Consent]:
    """All that was said by these leaves, the newest first."""
    return [_consent_of(row) for row in conn.execute(_ALL, {"leaves": list(leaves)})]


def find_newest(conn: Connection, leaves: Sequence[str], channel: str, purpose: Purpose) -> Consent | None:
    """Their newest yes or no, None where they have said nothing."""
    given = {"leaves": list(leaves), "channel": channel, "purpose": purpose}
    row = conn.execute(_NEWEST, given).one_or_none()
    return None if row is None else _consent_of(row)


def _consent_of(row: Any) -> Consent:
    return Consent(
        id=row.id,
        channel=row.channel,
        purpose=Purpose(row.purpose),
        granted=row.granted,
        at=iso(row.at),
        words=row.words,
        by=row.by,
        entry_id=row.entry_id,
    )

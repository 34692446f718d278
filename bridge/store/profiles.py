"""The canonical customer read whole: leaves, identities, people and groups in one statement.

Any leaf's id, or a live address, answers with the canonical customer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    ScalarSelect,
    Text,
    bindparam,
    cast,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import CompoundSelect

from bridge.domain.customer import Candidate, Customer, CustomerKind, Identity, Strength
from bridge.domain.times import iso_or_none
from bridge.errors import NotFound
from bridge.store import schema
from bridge.store.prepared import Prepared
from bridge.store.types import Id, UtcTime

_customer = schema.customer
_identity = schema.identity
_belonging = schema.belonging
_entry = schema.timeline_entry

_PROFILE_COLUMNS: dict[str, Any] = {
    "id": Id,
    "canonical_id": Id,
    "kind": Text(),
    "name": Text(),
    "language": Text(),
    "vip": Boolean(),
    "comment": Text(),
    "external_id": Text(),
    "sample": Boolean(),
    "address": Text(),
    "scope": Text(),
    "strength": Text(),
    "role": Text(),
    "extension": Text(),
    "last_at": UtcTime(),
    "last_channel": Text(),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """A customer and, for a household or organisation, the people in it."""

    customer: Customer
    candidates: list[Candidate]


def _part(part: str, **given: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    columns = [given.get(name, cast(null(), type_)).label(name) for name, type_ in _PROFILE_COLUMNS.items()]
    return [literal(part).label("part"), *columns]


def _profile(owner_id: ScalarSelect[Any]) -> CompoundSelect[Any]:
    """All that is said of the canonical customer `owner_id`, as rows of four kinds: leaf, identity, person, group."""
    leaf, person, home, sibling = (_customer.alias(name) for name in ("leaf", "person", "home", "sibling"))
    ours = select(leaf.c.id).where(leaf.c.canonical_id == owner_id)
    fields = ("id", "canonical_id", "kind", "name", "language", "vip", "comment", "external_id", "sample")
    shown = {name: home.c[name] for name in ("id", "kind", "name")}
    belongs = {"role": _belonging.c.role, "extension": _belonging.c.extension}
    leaves = select(*_part("leaf", **{name: leaf.c[name] for name in fields})).where(
        leaf.c.canonical_id == owner_id
    )
    identities = select(
        *_part("identity", **{name: _identity.c[name] for name in ("kind", "address", "scope", "strength")})
    ).where(_identity.c.customer_id.in_(ours), _identity.c.retired_at.is_(None))
    newest = {
        "last_at": _newest_encounter(sibling.c.id, _entry.c.occurred_at),
        "last_channel": _newest_encounter(sibling.c.id, _entry.c.channel),
    }
    # A row for each leaf of a person: `_candidates` takes the newest.
    people = (
        select(*_part("person", **shown, **belongs, **newest))
        .join_from(_belonging, person, person.c.id == _belonging.c.person_id)
        .join(home, home.c.id == person.c.canonical_id)
        .join(sibling, sibling.c.canonical_id == home.c.id)
        .where(_belonging.c.group_id.in_(ours), _belonging.c.ended_at.is_(None))
    )
    groups = (
        select(*_part("group", **shown, **belongs))
        .join_from(_belonging, person, person.c.id == _belonging.c.group_id)
        .join(home, home.c.id == person.c.canonical_id)
        .where(_belonging.c.person_id.in_(ours), _belonging.c.ended_at.is_(None))
    )
    return union_all(leaves, identities, people, groups)


def _newest_encounter(leaf: ColumnElement[str], column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Of the newest call or message."""
    return (
        select(column)
        .where(_entry.c.customer_id == leaf, or_(_entry.c.kind == "call", _entry.c.kind == "message"))
        .order_by(_entry.c.occurred_at.desc(), _entry.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


_OWNER = (
    select(_customer.c.canonical_id)
    .join_from(_identity, _customer, _customer.c.id == _identity.c.customer_id)
    .where(
        _identity.c.kind == bindparam("kind"),
        _identity.c.scope == bindparam("scope"),
        _identity.c.address == bindparam("address"),
        _identity.c.retired_at.is_(None),
    )
    .scalar_subquery()
)
_BY_ID = Prepared(
    _profile(select(_customer.c.canonical_id).where(_customer.c.id == bindparam("id")).scalar_subquery())
)
_BY_ADDRESS = Prepared(_profile(_OWNER))


def find_profile(conn: Connection, customer_id: str) -> Profile | None:
    """The canonical customer that any leaf's id answers with. One query."""
    return _folded(_BY_ID.rows(conn, id=customer_id))


def find_profile_by_address(conn: Connection, kind: str, address: str, scope: str = "") -> Profile | None:
    """The canonical owner of a live, canonical address. One query."""
    return _folded(_BY_ADDRESS.rows(conn, kind=kind, scope=scope, address=address))


def find_customer(conn: Connection, customer_id: str) -> Customer | None:
    profile = find_profile(conn, customer_id)
    return None if profile is None else profile.customer


def get_customer(conn: Connection, customer_id: str) -> Customer:
    """Raises NotFound."""
    found = find_customer(conn, customer_id)
    if found is None:
        raise NotFound("no such customer")
    return found


def _folded(rows: list[Any]) -> Profile | None:
    """One customer out of the rows of `_profile`."""
    leaves = [row for row in rows if row.part == "leaf"]
    canonical = next((row for row in leaves if row.id == row.canonical_id), None)
    if canonical is None:
        return None
    customer = Customer(
        id=canonical.id,
        kind=CustomerKind(canonical.kind),
        name=canonical.name,
        language=canonical.language,
        vip=canonical.vip,
        comment=canonical.comment,
        external_id=canonical.external_id,
        sample=canonical.sample,
        leaves=[row.id for row in leaves],
        identities=[
            Identity(row.kind, row.address, row.scope, Strength(row.strength))
            for row in rows
            if row.part == "identity"
        ],
        belongs_to=_candidates(row for row in rows if row.part == "group"),
    )
    return Profile(customer, _candidates(row for row in rows if row.part == "person"))


def _candidates(rows: Iterable[Any]) -> list[Candidate]:
    """Each once, however many leaves they have in the group; the newest encounter first, then by name."""
    found: dict[str, Candidate] = {}
    for row in rows:
        one, known = _candidate(row), found.get(row.id)
        if known is None or (known.last_at or "") < (one.last_at or ""):
            found[row.id] = one
    by_name = sorted(found.values(), key=lambda one: one.name)
    return sorted(by_name, key=lambda one: one.last_at or "", reverse=True)


def _candidate(row: Any) -> Candidate:
    return Candidate(
        id=row.id,
        kind=CustomerKind(row.kind),
        name=row.name,
        role=row.role,
        extension=row.extension,
        last_at=iso_or_none(row.last_at),
        last_channel=row.last_channel,
    )

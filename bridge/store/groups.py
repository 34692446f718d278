"""Households and organisations: who belongs to whom, and addresses that several people share (invariant 5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from bridge.domain.customer import CustomerKind, Identity
from bridge.domain.ids import new_id
from bridge.errors import Conflict
from bridge.store import people, schema
from bridge.store.leaves import leaves_of
from bridge.store.prepared import Prepared
from bridge.store.profiles import get_customer
from bridge.store.types import Id

_belonging = schema.belonging
_customer = schema.customer
_member = schema.belonging.alias("member")

# Of these very leaves: who is merged now has a belonging of their own when the merge is undone.
_LIVE_BELONGING = select(_belonging.c.id, _belonging.c.extension).where(
    _belonging.c.group_id == bindparam("group_id"),
    _belonging.c.person_id == bindparam("person_id"),
    _belonging.c.ended_at.is_(None),
)
_AT_EXTENSION = Prepared(
    select(_belonging.c.person_id)
    .where(
        _belonging.c.group_id.in_(leaves_of(bindparam("group_id", type_=Id))),
        _belonging.c.extension == bindparam("extension"),
        _belonging.c.ended_at.is_(None),
    )
    .order_by(_belonging.c.id)
    .limit(1)
)
_LIVE_OF_GROUP = select(_belonging.c.id, _belonging.c.evidence).where(
    _belonging.c.group_id == bindparam("group_id"), _belonging.c.ended_at.is_(None)
)
_HOUSEHOLD_OF_BOTH = (
    select(_belonging.c.group_id)
    .join(_member, _member.c.group_id == _belonging.c.group_id)
    .join(_customer, _customer.c.id == _belonging.c.group_id)
    .where(
        _customer.c.kind == CustomerKind.HOUSEHOLD,
        _belonging.c.person_id.in_(leaves_of(bindparam("first", type_=Id))),
        _member.c.person_id.in_(leaves_of(bindparam("second", type_=Id))),
        _belonging.c.ended_at.is_(None),
        _member.c.ended_at.is_(None),
    )
    .order_by(_belonging.c.id)
    .limit(1)
)
_ORGANISATION_NAMED = (
    select(_customer.c.id)
    .where(_customer.c.kind == CustomerKind.ORGANISATION, _customer.c.name == bindparam("name"))
    .order_by(_customer.c.id)
    .limit(1)
)


def find_at_extension(conn: Connection, group_id: str, extension: str) -> str | None:
    """The leaf of whoever sits at a sub-number of the group's switchboard."""
    rows = _AT_EXTENSION.rows(conn, group_id=group_id, extension=extension)
    return rows[0].person_id if rows else None


def find_organisation(conn: Connection, name: str) -> str | None:
    """The oldest organisation of exactly this name."""
    found: str | None = conn.execute(_ORGANISATION_NAMED, {"name": name}).scalar_one_or_none()
    return found


def belong(
    conn: Connection,
    group_id: str,
    person_id: str,
    *,
    evidence: dict[str, Any],
    at: datetime,
    role: str = "",
    extension: str | None = None,
) -> str:
    """Put a person into a group, once; a sub-number that was not known is added. The belonging's id."""
    found = conn.execute(_LIVE_BELONGING, {"group_id": group_id, "person_id": person_id}).one_or_none()
    if found is None:
        belonging_id = new_id()
        conn.execute(
            insert(_belonging),
            {
                "id": belonging_id,
                "group_id": group_id,
                "person_id": person_id,
                "role": role,
                "extension": extension,
                "evidence": evidence,
                "since": at,
            },
        )
        return belonging_id
    if extension is not None and found.extension != extension:
        conn.execute(update(_belonging).where(_belonging.c.id == found.id).values(extension=extension))
    held: str = found.id
    return held


def give_address(
    conn: Connection,
    leaf_id: str,
    address: Identity,
    *,
    evidence: dict[str, Any],
    at: datetime,
    extension: str | None = None,
) -> str:
    """Give an address to a customer, shared where somebody else holds it; the id of the live identity.

    A free address becomes theirs. A group's stays the group's and a person joins the group. Another person's goes to
    a household of both; entries from before stay with the first. Raises Conflict when a group asks for the address
    of another group.
    """
    owner = people.find_owner(conn, address.kind, address.address, address.scope)
    if owner is None:
        return people.add_identity(conn, leaf_id, address, evidence=evidence, at=at)
    asking = get_customer(conn, leaf_id)
    if owner.canonical_id == asking.id:
        return owner.identity_id
    if asking.kind is not CustomerKind.PERSON:
        return _hand_to_group(conn, leaf_id, owner, address, evidence=evidence, at=at)
    shared = {**evidence, "shared": address.address}
    if owner.kind is not CustomerKind.PERSON:
        belong(conn, owner.leaf_id, leaf_id, evidence=shared, at=at, extension=extension)
        return owner.identity_id
    group_id = _resolve_household(conn, owner.leaf_id, leaf_id, evidence=shared, at=at)
    return _move_address(conn, owner, group_id, address, evidence=evidence, at=at)


def take_back(conn: Connection, address: Identity, *, evidence: dict[str, Any], at: datetime) -> str:
    """A number is not shared after all: it goes back to whom it was taken from, and the belongings that it made end;
    the id of its identity from now on. Entries stay where they are.

    Raises Conflict for an address that was not taken from anybody.
    """
    owner = people.find_owner(conn, address.kind, address.address, address.scope)
    said = None if owner is None else people.read_evidence(conn, owner.identity_id)
    if owner is None or said is None or "shared_from" not in said:
        raise Conflict(f"this {address.kind} is not one that was found to be shared")
    people.retire_identity(conn, owner.identity_id, at)
    for row in conn.execute(_LIVE_OF_GROUP, {"group_id": owner.leaf_id}).all():
        if row.evidence.get("shared") == address.address:
            conn.execute(update(_belonging).where(_belonging.c.id == row.id).values(ended_at=at))
    first = people.holder_of(conn, said["shared_from"])
    return people.add_identity(conn, first, address, evidence=evidence, at=at)


def _hand_to_group(
    conn: Connection,
    group_id: str,
    owner: people.Owner,
    address: Identity,
    *,
    evidence: dict[str, Any],
    at: datetime,
) -> str:
    if owner.kind is not CustomerKind.PERSON:
        raise Conflict(f"this {address.kind} belongs to another {owner.kind}")
    belong(conn, group_id, owner.leaf_id, evidence=evidence, at=at)
    return _move_address(conn, owner, group_id, address, evidence=evidence, at=at)


def _resolve_household(
    conn: Connection, first: str, second: str, *, evidence: dict[str, Any], at: datetime
) -> str:
    """A household that both are in: people who share one address often share another."""
    found: str | None = conn.execute(
        _HOUSEHOLD_OF_BOTH, {"first": first, "second": second}
    ).scalar_one_or_none()
    if found is not None:
        return found
    both = [get_customer(conn, first), get_customer(conn, second)]
    group_id = people.make_customer(
        conn,
        people.NewCustomer(
            name=", ".join(person.name for person in both if person.name),
            kind=CustomerKind.HOUSEHOLD,
            language=both[0].language if both[0].language == both[1].language else None,
            sample=all(person.sample for person in both),
        ),
        at,
    )
    for person_id in (first, second):
        belong(conn, group_id, person_id, evidence=evidence, at=at)
    return group_id


def _move_address(
    conn: Connection,
    owner: people.Owner,
    group_id: str,
    address: Identity,
    *,
    evidence: dict[str, Any],
    at: datetime,
) -> str:
    """The old identity is retired, not changed: earlier entries point to it, and an undo can find it."""
    people.retire_identity(conn, owner.identity_id, at)
    moved = {**evidence, "shared_from": owner.identity_id}
    return people.add_identity(conn, group_id, address, evidence=moved, at=at)

"""Customers and their identities: who is who.

Written to the leaf; `bridge.store.profiles` reads by the canonical.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from bridge.domain.customer import Customer, CustomerKind, Identity, Strength
from bridge.domain.ids import new_id
from bridge.domain.times import iso
from bridge.store import customer_words, schema
from bridge.store.prepared import Prepared, PreparedWrite, values_of_columns
from bridge.store.profiles import get_customer
from bridge.store.types import Id

_customer = schema.customer
_identity = schema.identity
_belonging = schema.belonging
_entry = schema.timeline_entry


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a live address: `leaf_id` as written, `canonical_id` as read; `kind` and `name` are the leaf's."""

    identity_id: str
    leaf_id: str
    canonical_id: str
    kind: CustomerKind
    strength: Strength
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    name: str
    kind: CustomerKind = CustomerKind.PERSON
    language: str | None = None
    vip: bool = False
    comment: str = ""
    external_id: str | None = None
    sample: bool = False


_EVIDENCE = select(_identity.c.evidence).where(_identity.c.id == bindparam("identity_id"))
_HOLDER = select(_identity.c.customer_id).where(_identity.c.id == bindparam("identity_id"))
_BY_EXTERNAL_ID = Prepared(select(_customer.c.id).where(_customer.c.external_id == bindparam("external_id")))


_LEAF = select(_customer).where(_customer.c.id == bindparam("leaf_id"))
_INSERT_CUSTOMER = PreparedWrite(
    insert(_customer).values(values_of_columns(_customer, *(column.name for column in _customer.c)))
)
_INSERT_IDENTITY = PreparedWrite(
    insert(_identity).values(
        values_of_columns(_identity, *(column.name for column in _identity.c if column.name != "retired_at"))
    )
)


def fold_name(name: str) -> str:
    """What names are looked up by: casefolded, one space between words."""
    return " ".join(name.casefold().split())


_OWNER = Prepared(
    select(
        _identity.c.id,
        _customer.c.id.label("leaf_id"),
        _customer.c.canonical_id,
        _customer.c.kind,
        _identity.c.strength,
        _customer.c.name,
    )
    .join_from(_identity, _customer, _customer.c.id == _identity.c.customer_id)
    .where(
        _identity.c.kind == bindparam("kind"),
        _identity.c.scope == bindparam("scope"),
        _identity.c.address == bindparam("address"),
        _identity.c.retired_at.is_(None),
    )
)


def find_owner(conn: Connection, kind: str, address: str, scope: str = "") -> Owner | None:
    """Who holds a live, canonical address."""
    rows = _OWNER.rows(conn, kind=kind, scope=scope, address=address)
    if not rows:
        return None
    row = rows[0]
    return Owner(
        row.id, row.leaf_id, row.canonical_id, CustomerKind(row.kind), Strength(row.strength), row.name
    )


def find_by_external_id(conn: Connection, external_id: str) -> str | None:
    """The id of the leaf that was imported as `external_id`."""
    rows = _BY_EXTERNAL_ID.rows(conn, external_id=external_id)
    return rows[0].id if rows else None


def says_all_of(conn: Connection, leaf_id: str, new: NewCustomer) -> bool:
    """Whether the leaf itself, whoever it is read as, says what `new` says; the external id aside."""
    row = conn.execute(_LEAF, {"leaf_id": leaf_id}).one()
    return all(
        getattr(row, name) == getattr(new, name) for name in ("name", "kind", "language", "vip", "comment")
    )


def list_customers(
    conn: Connection, *, words: str = "", limit: int = 50, after: str | None = None
) -> tuple[list[Customer], str | None]:
    """Canonical customers by name, and the cursor of the next page; with `words` those that are found by them, best
    first (`customer_words.find_customers`). `after` is a cursor that this function gave.
    """
    if words.strip():
        ids = customer_words.find_customers(conn, words)
        start = ids.index(after) + 1 if after in ids else 0
        following = ids[start + limit - 1] if len(ids) > start + limit else None
        return [get_customer(conn, each) for each in ids[start : start + limit]], following
    statement = select(_customer.c.id, _customer.c.folded_name).where(
        _customer.c.id == _customer.c.canonical_id
    )
    if after:
        name, _, customer_id = after.rpartition("|")
        statement = statement.where(
            tuple_(_customer.c.folded_name, _customer.c.id) > tuple_(literal(name), literal(customer_id, Id))
        )
    statement = statement.order_by(_customer.c.folded_name, _customer.c.id).limit(limit + 1)
    rows = conn.execute(statement).all()
    following = f"{rows[limit - 1].folded_name}|{rows[limit - 1].id}" if len(rows) > limit else None
    return [get_customer(conn, row.id) for row in rows[:limit]], following


def make_customer(conn: Connection, new: NewCustomer, at: datetime) -> str:
    """The id of a new customer, which is its own canonical."""
    customer_id = new_id()
    _INSERT_CUSTOMER.run(
        conn,
        id=customer_id,
        canonical_id=customer_id,
        kind=new.kind,
        name=new.name,
        folded_name=fold_name(new.name),
        language=new.language,
        vip=new.vip,
        comment=new.comment,
        external_id=new.external_id,
        sample=new.sample,
        created_at=at,
        updated_at=at,
    )
    customer_words.add_words(
        conn, customer_id, customer_words.words_of_customer(new.name, new.external_id, ())
    )
    return customer_id


def change_customer(conn: Connection, leaf_id: str, new: NewCustomer, at: datetime) -> None:
    """Make the leaf say what `new` says; its external id stays."""
    conn.execute(
        update(_customer).where(_customer.c.id == bindparam("leaf_id")),
        {
            "leaf_id": leaf_id,
            "kind": new.kind,
            "name": new.name,
            "folded_name": fold_name(new.name),
            "language": new.language,
            "vip": new.vip,
            "comment": new.comment,
            "updated_at": at,
        },
    )
    customer_words.index(conn, leaf_id)


def set_external_id(conn: Connection, leaf_id: str, external_id: str) -> None:
    """Name the leaf by its id in the system it is imported from."""
    conn.execute(
        update(_customer).where(_customer.c.id == bindparam("leaf_id")),
        {"leaf_id": leaf_id, "external_id": external_id},
    )
    customer_words.index(conn, leaf_id)


def add_identity(
    conn: Connection,
    customer_id: str,
    address: Identity,
    *,
    evidence: dict[str, Any],
    at: datetime,
) -> str:
    """Give a free address to a leaf; the id of the identity. `evidence` is {source, reason, …}; `at` its time."""
    identity_id = new_id()
    _INSERT_IDENTITY.run(
        conn,
        id=identity_id,
        customer_id=customer_id,
        kind=address.kind,
        scope=address.scope,
        address=address.address,
        strength=address.strength,
        evidence=evidence,
        since=at,
    )
    customer_words.add_words(
        conn, customer_id, customer_words.words_of_customer("", None, (address.address,))
    )
    return identity_id


def strengthen(
    conn: Connection, identity_id: str, strength: Strength, *, evidence: dict[str, Any], at: datetime
) -> None:
    """An address is shown to be its owner's better than before; `evidence` says by what."""
    said = read_evidence(conn, identity_id)
    shown = [*said.get("shown", ()), {**evidence, "strength": strength, "at": iso(at)}]
    conn.execute(
        update(_identity).where(_identity.c.id == bindparam("identity_id")),
        {"identity_id": identity_id, "strength": strength, "evidence": {**said, "shown": shown}},
    )


def retire_identity(
    conn: Connection, identity_id: str, at: datetime, *, evidence: dict[str, Any] | None = None
) -> None:
    """The address is free from now on; what came from it stays where it is. `evidence`: {by, reason, …}."""
    said = read_evidence(conn, identity_id) | ({"retired": evidence} if evidence else {})
    conn.execute(
        update(_identity).where(_identity.c.id == bindparam("identity_id")),
        {"identity_id": identity_id, "retired_at": at, "evidence": said},
    )
    owner = select(_identity.c.customer_id).where(_identity.c.id == bindparam("identity_id"))
    customer_words.index(conn, conn.execute(owner, {"identity_id": identity_id}).scalar_one())


def read_evidence(conn: Connection, identity_id: str) -> dict[str, Any]:
    """Why an address is somebody's."""
    said: dict[str, Any] = conn.execute(_EVIDENCE, {"identity_id": identity_id}).scalar_one()
    return said


def holder_of(conn: Connection, identity_id: str) -> str:
    """The leaf that an identity, live or retired, belongs to."""
    held: str = conn.execute(_HOLDER, {"identity_id": identity_id}).scalar_one()
    return held


def resolve_owner(
    conn: Connection, address: Identity, new: NewCustomer, *, evidence: dict[str, Any], at: datetime
) -> Owner:
    """The owner of `address`; where nobody holds it, `new` is made and gets it."""
    found = find_owner(conn, address.kind, address.address, address.scope)
    if found is not None:
        return found
    customer_id = make_customer(conn, new, at)
    identity_id = add_identity(conn, customer_id, address, evidence=evidence, at=at)
    return Owner(identity_id, customer_id, customer_id, new.kind, address.strength, new.name)

"""Merges: edges between leaves, and the canonical customer of each leaf, which follows from them (invariant 4).

A writer's transaction has the database's one write lock since it began (bridge/store/dialect.py): merges and undos at the
same moment have one order and one answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, bindparam, cast, insert, or_, select, update

from bridge.domain.customer import CustomerKind
from bridge.domain.ids import new_id
from bridge.domain.merge import Leaf, Merge
from bridge.domain.merging import Edge, canonical_ids, edges_between
from bridge.domain.times import iso, iso_or_none
from bridge.errors import Conflict, NotFound
from bridge.store import schema
from bridge.store.types import Id

_merge = schema.merge
_customer = schema.customer
_agent = schema.agent
_leaves = bindparam("leaves", expanding=True, type_=Id)

_CANONICAL = select(_customer.c.canonical_id).where(_customer.c.id.in_(_leaves))
_TOGETHER = select(_customer.c.id, _customer.c.canonical_id).where(_customer.c.canonical_id.in_(_leaves))
_EDGES = select(_merge.c.id, _merge.c.leaf_a, _merge.c.leaf_b, _merge.c.survivor).where(
    _merge.c.leaf_a.in_(_leaves), _merge.c.undone_at.is_(None)
)
_SET_CANONICAL = (
    update(_customer).where(_customer.c.id == bindparam("leaf")).values(canonical_id=bindparam("canonical"))
)
_GET = select(_merge).where(_merge.c.id == bindparam("merge_id"))
_UNDO = (
    update(_merge)
    .where(_merge.c.id == bindparam("merge_id"))
    .values(undone_by=bindparam("by_whom"), undone_at=bindparam("when"))
)
_OF_LEAVES = (
    select(_merge)
    .where(or_(_merge.c.leaf_a.in_(_leaves), _merge.c.leaf_b.in_(_leaves)))
    .order_by(_merge.c.id.desc())
)
_NAMES = select(_customer.c.id, _customer.c.kind, _customer.c.name).where(_customer.c.id.in_(_leaves))
# `by` is text: "system" merges too.
_AGENTS = select(_agent.c.id, _agent.c.name).where(
    cast(_agent.c.id, Text).in_(bindparam("doers", expanding=True))
)


def merge(
    conn: Connection,
    leaf_a: str,
    leaf_b: str,
    *,
    survivor: str,
    reason: str,
    evidence: Any,
    by: str,
    at: datetime,
) -> str:
    """Join two leaves, as they are given; the merge's id. Whether they may be joined is for the caller to know."""
    merge_id = new_id()
    conn.execute(
        insert(_merge),
        {
            "id": merge_id,
            "leaf_a": leaf_a,
            "leaf_b": leaf_b,
            "survivor": survivor,
            "reason": reason,
            "evidence": evidence,
            "by": by,
            "at": at,
        },
    )
    _recompute(conn, leaf_a, leaf_b)
    return merge_id


def undo(conn: Connection, merge_id: str, *, by: str, at: datetime) -> tuple[Edge, list[str]]:
    """Take a merge back: the edge that it was, and the merges that join its two ends all the same.

    Raises NotFound; Conflict when it is undone already.
    """
    row = conn.execute(_GET, {"merge_id": merge_id}).one_or_none()
    if row is None:
        raise NotFound("no such merge")
    if row.undone_at is not None:
        raise Conflict("this merge is undone already")
    conn.execute(_UNDO, {"merge_id": merge_id, "by_whom": by, "when": at})
    left = _recompute(conn, row.leaf_a, row.leaf_b)
    joined_by = [edge.id for edge in edges_between(left, row.leaf_a, row.leaf_b)]
    return Edge(row.id, row.leaf_a, row.leaf_b, row.survivor), joined_by


def list_merges(conn: Connection, leaves: Sequence[str]) -> list[Merge]:
    """All merges that one of the leaves is an end of, also those undone, newest first."""
    rows = conn.execute(_OF_LEAVES, {"leaves": list(leaves)}).all()
    ids = {leaf for row in rows for leaf in (row.leaf_a, row.leaf_b, row.survivor)}
    known = {
        row.id: Leaf(id=row.id, kind=CustomerKind(row.kind), name=row.name)
        for row in conn.execute(_NAMES, {"leaves": sorted(ids)})
    }
    doers = {doer for row in rows for doer in (row.by, row.undone_by) if doer is not None}
    names = {row.id: row.name for row in conn.execute(_AGENTS, {"doers": sorted(doers)})}
    return [
        Merge(
            id=row.id,
            leaf_a=known[row.leaf_a],
            leaf_b=known[row.leaf_b],
            survivor=known[row.survivor],
            reason=row.reason,
            evidence=row.evidence,
            by=names.get(row.by, row.by),
            at=iso(row.at),
            undone_by=names.get(row.undone_by, row.undone_by),
            undone_at=iso_or_none(row.undone_at),
        )
        for row in rows
    ]


def _recompute(conn: Connection, leaf_a: str, leaf_b: str) -> list[Edge]:
    """Make the canonical ids of all that are or were joined to the two say what the edges say; these edges.

    A leaf's canonical id is that of all it is joined to: so those two lead to everybody concerned.
    """
    heads = list(conn.scalars(_CANONICAL, {"leaves": [leaf_a, leaf_b]}))
    were = {row.id: row.canonical_id for row in conn.execute(_TOGETHER, {"leaves": heads})}
    edges = [Edge(*row) for row in conn.execute(_EDGES, {"leaves": sorted(were)})]
    for leaf, canonical in canonical_ids(were, edges).items():
        if were[leaf] != canonical:
            conn.execute(_SET_CANONICAL, {"leaf": leaf, "canonical": canonical})
    return edges

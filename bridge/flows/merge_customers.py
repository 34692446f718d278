"""Two customers turn out to be one; and that can be taken back, exactly, at any time and in any order."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.customer import Customer, CustomerKind
from bridge.domain.live import EVERYONE
from bridge.domain.merge import FieldConflict, Merge, MergePreview, MergeSide
from bridge.errors import Conflict, InvalidInput
from bridge.store import conversations, feed, merges, orders, profiles, timeline

BY_HAND: Final = {"source": "desk"}
_FIELDS: Final = ("name", "language", "vip", "comment", "external_id")


def merge_customers(
    connection: Connection,
    customer_id: str,
    into: str,
    *,
    agent: Agent,
    reason: str,
    at: datetime,
    survivor: str | None = None,
    evidence: Any = BY_HAND,
) -> str:
    """Join two customers: the merge's id. `survivor` is any id of either, else `into`: whom both are read as.

    Raises NotFound; InvalidInput for a customer with itself, a person with a group, or a survivor that is neither.
    """
    one, other = _get_both(connection, customer_id, into)
    if customer_id == into:
        raise InvalidInput("a customer cannot be merged with itself", where="into")
    if survivor is not None and survivor not in {*one.leaves, *other.leaves}:
        raise InvalidInput("neither of the two is this", where="survivor")
    merge_id = merges.merge(
        connection,
        customer_id,
        into,
        survivor=survivor or into,
        reason=reason,
        evidence=evidence,
        by=agent.id,
        at=at,
    )
    _tell(connection, "merged", {*one.leaves, *other.leaves}, at)
    return merge_id


def undo_merge(connection: Connection, merge_id: str, *, agent: Agent, at: datetime) -> list[str]:
    """Take a merge back. The merges that still join its two, which may be none.

    Raises NotFound; Conflict when it is undone already.
    """
    edge, still_joined_by = merges.undo(connection, merge_id, by=agent.id, at=at)
    apart = {
        leaf for end in (edge.leaf_a, edge.leaf_b) for leaf in profiles.get_customer(connection, end).leaves
    }
    _tell(connection, "unmerged", apart, at)
    return still_joined_by


def preview_merge(connection: Connection, customer_id: str, into: str) -> MergePreview:
    """What would come together. Raises what `merge_customers` raises, and Conflict when they are one already."""
    both = _get_both(connection, customer_id, into)
    if both[0].id == both[1].id:
        raise Conflict("they are one customer already")
    sides = [_side(connection, customer) for customer in both]
    entries: Counter[str] = Counter()
    for side in sides:
        entries.update(side.entries)
    return MergePreview(
        sides=sides,
        identities=[identity for customer in both for identity in customer.identities],
        entries=dict(entries),
        orders=sum(side.orders for side in sides),
        open_conversations=sum(side.open_conversations for side in sides),
        conflicts=[
            FieldConflict(field=field, values=values)
            for field in _FIELDS
            if (values := [getattr(customer, field) for customer in both])[0] != values[1]
        ],
    )


def list_merges(connection: Connection, customer_id: str) -> list[Merge]:
    """Newest first, also those undone. Raises NotFound."""
    return merges.list_merges(connection, profiles.get_customer(connection, customer_id).leaves)


def _get_both(connection: Connection, customer_id: str, into: str) -> tuple[Customer, Customer]:
    one, other = profiles.get_customer(connection, customer_id), profiles.get_customer(connection, into)
    if (one.kind is CustomerKind.PERSON) != (other.kind is CustomerKind.PERSON):
        raise InvalidInput(
            f"a {one.kind} and a {other.kind} cannot be one: put the person into the group instead",
            where="into",
        )
    return one, other


def _side(connection: Connection, customer: Customer) -> MergeSide:
    leaves = customer.leaves
    return MergeSide(
        customer=customer,
        entries=timeline.count_by_channel(connection, leaves),
        orders=orders.count_orders(connection, leaves),
        open_conversations=conversations.count_open(connection, leaves),
    )


def _tell(connection: Connection, code: str, leaves: set[str], at: datetime) -> None:
    feed.append(connection, "notice", EVERYONE, {"code": code, "customer_ids": sorted(leaves)}, at)

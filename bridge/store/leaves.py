"""Reading what is filed under any of a customer's leaves: one limited range per leaf, put together.

The text is the same on both engines and each range comes off one index (`customer_id IN (…) ORDER BY … LIMIT` sorts
everything of everybody first).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, select, union_all
from sqlalchemy.sql.selectable import Subquery

from bridge.store import schema
from bridge.store.prepared import Prepared
from bridge.store.types import Id


def ranges(count: int, one_leaf: Callable[[BindParameter[str]], Select[Any]]) -> Subquery:
    """`one_leaf(parameter)` is the range of one leaf; its values come from `values_of`."""
    parts = [one_leaf(bindparam(f"leaf{index}", type_=Id)) for index in range(count)]
    if count == 1:
        return parts[0].subquery("found")
    # SQLite takes ORDER BY and LIMIT inside a UNION only in a subquery.
    return union_all(*(select(part.subquery()) for part in parts)).subquery("found")


def values_of(leaves: Sequence[str]) -> dict[str, str]:
    return {f"leaf{index}": leaf for index, leaf in enumerate(leaves)}


def leaves_of(customer_id: ColumnElement[str]) -> Select[Any]:
    """The ids of all leaves that are read as the same customer as `customer_id`, itself among them."""
    leaf, given = schema.customer.alias(), schema.customer.alias()
    # A column is that of the statement around it, however deep this stands in it.
    canonical = (
        select(given.c.canonical_id)
        .where(given.c.id == customer_id)
        .correlate_except(given)
        .scalar_subquery()
    )
    return select(leaf.c.id).where(leaf.c.canonical_id == canonical)


_LEAVES = Prepared(leaves_of(bindparam("customer_id", type_=Id)))


def list_leaves(conn: Connection, customer_id: str) -> list[str]:
    """The ids that are read as this customer; none for one that there is not."""
    return [row.id for row in _LEAVES.rows(conn, customer_id=customer_id)]

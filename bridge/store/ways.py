"""The channels on which somebody is known: where they have an address, or have written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from bridge.store import schema
from bridge.store.types import Id

_identity = schema.identity
_conversation = schema.conversation
_leaves: Any = bindparam("leaves", expanding=True, type_=Id)
_KINDS = select(_identity.c.kind).where(
    _identity.c.customer_id.in_(_leaves), _identity.c.retired_at.is_(None)
)
_TALKS = (
    select(_conversation.c.channel, _conversation.c.id)
    .where(_conversation.c.customer_id.in_(_leaves), _conversation.c.inbox_id.is_not(None))
    .order_by(_conversation.c.last_at)
)


def list_ways(conn: Connection, leaves: Sequence[str]) -> dict[str, str | None]:
    """The newest conversation by channel, None where there is none. Kinds of addresses are named like their channels."""
    ways: dict[str, str | None] = dict.fromkeys(sorted(conn.scalars(_KINDS, {"leaves": list(leaves)})))
    return ways | {row.channel: row.id for row in conn.execute(_TALKS, {"leaves": list(leaves)})}

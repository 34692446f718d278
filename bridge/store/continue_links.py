"""Continue-links: made once, used once; what has expired or was used is kept, so that it can be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, insert, select, update

from bridge.domain.ids import new_id
from bridge.domain.matter import Thing
from bridge.store import schema
from bridge.store.types import Id, UtcTime

_link = schema.continue_link
_identity = schema.identity

MATTER = "matter"


@dataclass(frozen=True, slots=True)
class Link:
    """`thing` (call, conversation or matter) is what it was made from, `made_by` the agent's id.

    `used_by` is the identity, None for a caller who withheld theirs; `led_to` what came of it.
    """

    id: str
    channel: str
    thing: str
    thing_id: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    used_by: str | None = None
    led_to: str | None = None
    led_to_id: str | None = None


_COLUMNS = [_link.c[name] for name in Link.__slots__]
_of_hash = _link.c.token_hash == bindparam("token_hash")
_NEWEST = select(*_COLUMNS).where(_of_hash).order_by(_link.c.id.desc()).limit(1)
_IS_LIVE = select(
    exists().where(_of_hash, _link.c.used_at.is_(None), _link.c.expires_at > bindparam("now", type_=UtcTime))
)
_USED_BY = (
    select(*_COLUMNS)
    .join(_identity, _identity.c.id == _link.c.used_by)
    .where(_identity.c.customer_id.in_(bindparam("leaves", expanding=True, type_=Id)))
    .order_by(_link.c.id)
)


def add(
    conn: Connection,
    token_hash: str,
    *,
    channel: str,
    thing: str,
    thing_id: str,
    made_by: str,
    at: datetime,
    expires_at: datetime,
) -> None:
    row = {"id": new_id(), "token_hash": token_hash, "channel": channel, "thing": thing, "thing_id": thing_id}
    conn.execute(insert(_link), {**row, "made_by": made_by, "made_at": at, "expires_at": expires_at})


def find_newest(conn: Connection, token_hash: str) -> Link | None:
    """The link of this token; of a telephone's code, which comes again, the one that was made last."""
    row = conn.execute(_NEWEST, {"token_hash": token_hash}).one_or_none()
    return None if row is None else Link(*row)


def is_live(conn: Connection, token_hash: str, now: datetime) -> bool:
    """Whether somebody may still use it."""
    return bool(conn.scalar(_IS_LIVE, {"token_hash": token_hash, "now": now}))


def use(
    conn: Connection, link_id: str, *, by: str | None, led_to: Thing, led_to_id: str, at: datetime
) -> None:
    """`by` is the identity that used it."""
    conn.execute(
        update(_link)
        .where(_link.c.id == link_id)
        .values(used_at=at, used_by=by, led_to=led_to, led_to_id=led_to_id)
    )


def list_used_by(conn: Connection, leaves: Sequence[str]) -> list[Link]:
    """The links that addresses of these leaves have used, oldest first."""
    return [Link(*row) for row in conn.execute(_USED_BY, {"leaves": list(leaves)})]

"""Outgoing webhooks, and how far in the feed each is told."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bridge.domain.ids import new_id
from bridge.domain.times import iso_or_none
from bridge.domain.webhook import EventType, Webhook, WebhookState
from bridge.errors import NotFound
from bridge.store import feed, schema
from bridge.store.types import UtcTime

_webhook = schema.webhook


@dataclass(frozen=True, slots=True)
class Told:
    """What is needed to tell a webhook of the feed from `cursor` on."""

    id: str
    url: str
    salt: str
    events: list[str]
    cursor: int
    tries: int
    failing_since: datetime | None


_TOLD = [_webhook.c[name] for name in Told.__slots__]
_ALL = select(_webhook).order_by(_webhook.c.id)
_GET = select(_webhook).where(_webhook.c.id == bindparam("webhook_id"))
_DUE = (
    select(*_TOLD)
    .where(_webhook.c.state == WebhookState.ACTIVE, _webhook.c.due_at <= bindparam("now", type_=UtcTime))
    .order_by(_webhook.c.id)
)
_TO_TELL = select(*_TOLD).where(_webhook.c.id == bindparam("webhook_id"))
_ACTIVE = _TO_TELL.where(_webhook.c.state == WebhookState.ACTIVE)


def add(conn: Connection, url: str, events: Sequence[EventType], at: datetime) -> str:
    """A webhook that is told of what happens from now on; its id."""
    webhook_id = new_id()
    _, newest = feed.bounds(conn)
    row = {"id": webhook_id, "url": url, "events": list(events), "state": WebhookState.ACTIVE}
    conn.execute(insert(_webhook), {**row, "salt": _new_salt(), "cursor": newest, "due_at": at})
    return webhook_id


def list_webhooks(conn: Connection) -> list[Webhook]:
    return [_shown(row) for row in conn.execute(_ALL)]


def get_webhook(conn: Connection, webhook_id: str) -> Webhook:
    """Raises NotFound."""
    row = conn.execute(_GET, {"webhook_id": webhook_id}).one_or_none()
    if row is None:
        raise NotFound("no such webhook")
    return _shown(row)


def get_to_tell(conn: Connection, webhook_id: str) -> Told:
    """Raises NotFound."""
    row = conn.execute(_TO_TELL, {"webhook_id": webhook_id}).one_or_none()
    if row is None:
        raise NotFound("no such webhook")
    return Told(*row)


def find_active(conn: Connection, webhook_id: str) -> Told | None:
    row = conn.execute(_ACTIVE, {"webhook_id": webhook_id}).one_or_none()
    return None if row is None else Told(*row)


def list_due(conn: Connection, now: datetime) -> list[Told]:
    """Those that may be told of something now."""
    return [Told(*row) for row in conn.execute(_DUE, {"now": now})]


def change(
    conn: Connection,
    webhook_id: str,
    *,
    url: str | None = None,
    events: Sequence[EventType] | None = None,
    state: WebhookState | None = None,
    at: datetime,
) -> None:
    """Change what is given. One that is active again is told at once of what it has not heard, as far as the feed reaches."""
    values: dict[str, Any] = {}
    if url is not None:
        values["url"] = url
    if events is not None:
        values["events"] = list(events)
    if state is not None:
        values["state"] = state
    if state is WebhookState.ACTIVE:
        values |= {"due_at": at, "tries": 0, "failing_since": None, "last_error": None}
    if values:
        conn.execute(_changing(webhook_id).values(values))


def renew_secret(conn: Connection, webhook_id: str) -> None:
    conn.execute(_changing(webhook_id).values(salt=_new_salt()))


def remove(conn: Connection, webhook_id: str) -> None:
    conn.execute(delete(_webhook).where(_webhook.c.id == webhook_id))


def advance(conn: Connection, webhook_id: str, cursor: int, told_at: datetime | None) -> bool:
    """It is told of all up to `cursor`, by an event where `told_at` is given. False when it is paused or gone by now."""
    values: dict[str, Any] = {"cursor": cursor}
    if told_at is not None:
        values |= {"told_at": told_at, "tries": 0, "failing_since": None, "last_error": None}
    active = _changing(webhook_id).where(_webhook.c.state == WebhookState.ACTIVE)
    return conn.execute(active.values(values)).rowcount == 1


def fail(
    conn: Connection,
    webhook_id: str,
    *,
    error: str,
    failing_since: datetime,
    due_at: datetime,
    state: WebhookState,
) -> None:
    """It could not be told; again at `due_at`, unless `state` says that it rests."""
    conn.execute(
        _changing(webhook_id).values(
            last_error=error,
            failing_since=failing_since,
            due_at=due_at,
            state=state,
            tries=_webhook.c.tries + 1,
        )
    )


def _changing(webhook_id: str) -> Any:
    return update(_webhook).where(_webhook.c.id == webhook_id)


def _new_salt() -> str:
    return secrets.token_hex(16)


def _shown(row: Any) -> Webhook:
    return Webhook(
        id=row.id,
        url=row.url,
        events=[EventType(each) for each in row.events],
        state=WebhookState(row.state),
        last_error=row.last_error,
        failing_since=iso_or_none(row.failing_since),
        told_at=iso_or_none(row.told_at),
    )

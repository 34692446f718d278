"""Tells webhooks of the feed: each in the feed's order, each event until it is taken, at least once.

A webhook that fails holds up itself alone. It is tried again, ever later up to ten minutes, for PAUSE_AFTER, and then rests
until an admin has looked after it: the feed keeps a day, so that nothing is lost until some hours after that. Of several
processes one tells, by a lease.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from bridge.bus.outbox import wait_after
from bridge.bus.waker import Waker
from bridge.domain.agent import Role
from bridge.domain.ids import new_id
from bridge.domain.live import EVERYONE, topic_of_role
from bridge.domain.ports import Bus, Subject
from bridge.domain.webhook import Event, WebhookState, event_of, secret_of
from bridge.errors import Rejected, Transient
from bridge.store import feed, leases, webhooks
from bridge.store.engine import Database
from bridge.store.feed import FeedRow
from bridge.store.webhooks import Told

POLL_SECONDS: Final = 0.2
PAGE: Final = 200
PAUSE_AFTER: Final = timedelta(hours=20)
LEASE: Final = "webhooks"
LEASE_LENGTH: Final = timedelta(seconds=30)
LONGEST_WAITS: Final = 8

Post = Callable[[str, str, Event], Awaitable[None]]
"""(url, secret, event): returns when it is taken. Raises Transient, Rejected. Gives up by itself within LEASE_LENGTH."""

log = structlog.get_logger()


class WebhookTeller:
    """`key` is what the secrets are made with; `committed` is called after each commit that appended to the feed."""

    def __init__(
        self,
        db: Database,
        bus: Bus,
        post: Post,
        key: str,
        committed: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._waker = Waker(bus, Subject.NUMBERED)
        self._post = post
        self._key = key
        self._committed = committed
        self._clock = clock
        self._name = new_id()
        self._telling: dict[str, asyncio.Task[None]] = {}
        self._passed: dict[str, int] = {}
        """By webhook: up to where there is nothing for it, beyond its stored cursor."""

    async def run(self) -> None:
        """Runs until it is cancelled."""
        try:
            while True:
                try:
                    await self._look()
                except Transient as error:
                    log.warning("webhooks_wait", reason=str(error))
                await self._waker.wait(POLL_SECONDS)
        finally:
            for task in self._telling.values():
                task.cancel()
            await asyncio.gather(*self._telling.values(), return_exceptions=True)

    async def _look(self) -> None:
        due = await self._db.read(webhooks.list_due, self._clock())
        _, newest = await self._db.read(feed.bounds)
        behind = [each for each in due if self._position(each) < newest and each.id not in self._telling]
        if not behind or not await self._db.write(self._lease):
            return
        for each in behind:
            task = self._telling[each.id] = asyncio.create_task(self._tell(each), name="webhook")
            task.add_done_callback(partial(self._forget, each.id))

    def _forget(self, webhook_id: str, _: asyncio.Task[None]) -> None:
        del self._telling[webhook_id]

    def _position(self, told: Told) -> int:
        return max(told.cursor, self._passed.get(told.id, 0))

    async def _tell(self, told: Told) -> None:
        """The next page of the feed."""
        try:
            rows = await self._db.read(feed.read_after, self._position(told), PAGE)
            for row in rows:
                if not await self._tell_row(told, row):
                    return
            passed = self._passed.get(told.id, 0)
            if passed - told.cursor >= PAGE:
                await self._db.write(self._advance, told.id, passed, None)
        except Transient as error:
            log.warning("webhooks_wait", reason=str(error))
        except Exception:
            # Whatever it is, the others are told; this one is tried again with the next look.
            log.exception("webhook_failed", webhook_id=told.id)

    async def _tell_row(self, told: Told, row: FeedRow) -> bool:
        """False where the rest has to wait."""
        event = None
        if row.topic == EVERYONE:
            event = event_of(row.number, row.type, row.data, row.at, told.events)
        if event is not None:
            try:
                await self._post(told.url, secret_of(self._key, told.id, told.salt), event)
            except (Transient, Rejected) as error:
                await self._fail(told, error)
                return False
            if not await self._db.write(self._advance, told.id, row.number, self._clock()):
                return False
        self._passed[told.id] = row.number
        return True

    async def _fail(self, told: Told, error: Exception) -> None:
        await self._db.write(_record_failure, told.id, error, self._clock())
        self._committed()

    def _lease(self, connection: Connection) -> bool:
        return leases.take(connection, LEASE, self._name, self._clock(), LEASE_LENGTH)

    def _advance(
        self, connection: Connection, webhook_id: str, cursor: int, told_at: datetime | None
    ) -> bool:
        return self._lease(connection) and webhooks.advance(connection, webhook_id, cursor, told_at)


def _record_failure(connection: Connection, webhook_id: str, error: Exception, now: datetime) -> None:
    """It is tried again later, or rests; an admin may have paused or removed it meanwhile."""
    told = webhooks.find_active(connection, webhook_id)
    if told is None:
        return
    since = told.failing_since or now
    rests = isinstance(error, Rejected) or now - since >= PAUSE_AFTER
    webhooks.fail(
        connection,
        webhook_id,
        error=str(error),
        failing_since=since,
        due_at=now + wait_after(min(told.tries + 1, LONGEST_WAITS)),
        state=WebhookState.PAUSED if rests else WebhookState.ACTIVE,
    )
    log.warning("webhook_waits", webhook_id=webhook_id, tries=told.tries + 1, paused=rests)
    if rests:
        said = {"code": "webhook_paused", "webhook_id": webhook_id}
        feed.append(connection, "notice", topic_of_role(Role.ADMIN), said, now)

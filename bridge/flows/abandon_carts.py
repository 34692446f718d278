"""Carts that nobody has touched for a while are abandoned: the rule that makes one so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from bridge.domain.order import OrderStatus
from bridge.errors import Transient
from bridge.flows.append_entry import append_and_tell
from bridge.flows.import_orders import entry_of
from bridge.store import orders
from bridge.store.engine import Database

EVERY_SECONDS: Final = 30.0
AT_ONCE: Final = 100
"""Carts in one transaction."""

log = structlog.get_logger()


def abandon_carts(connection: Connection, now: datetime, after: timedelta) -> int:
    """Those that have not changed for `after`; how many. Each says the moment from which it counts as abandoned.

    A cart that is touched again is a cart again, and may be abandoned again: its timeline says it the first time.
    """
    left = orders.list_left_carts(connection, now - after, AT_ONCE)
    for cart in left:
        status = replace(cart.status, status=OrderStatus.ABANDONED, at=cart.status.at + after)
        orders.change_status(connection, status)
        append_and_tell(connection, entry_of(status, cart.customer_id))
    return len(left)


class AbandonCarts:
    """Looks again and again. Several processes may: a cart is abandoned once. `committed` is called after each commit."""

    def __init__(
        self,
        db: Database,
        after: timedelta,
        committed: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._after = after
        self._committed = committed
        self._clock = clock

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            try:
                found = await self._db.write(abandon_carts, self._clock(), self._after)
            except Transient as error:
                log.warning("carts_wait", reason=str(error))
                found = 0
            if found:
                self._committed()
            if found < AT_ONCE:
                await asyncio.sleep(EVERY_SECONDS)

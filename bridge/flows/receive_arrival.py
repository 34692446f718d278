"""Work of the topic `receive`: what arrived is handed to its channel, which makes entries of it.

The channel works in the transaction that finishes the work, so that everything it writes happens once. What it cannot
make out is tried three times and then is a dead letter; the arrival stays, and an admin may have it tried again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from bridge.errors import NotFound
from bridge.store import arrivals, outbox
from bridge.store.arrivals import Arrival
from bridge.store.engine import Database
from bridge.store.outbox import Work

Understand = Callable[[Arrival], Awaitable[Any]]
"""What an arrival says, of whatever type its channel likes, its files kept already. Raises InvalidInput, Transient."""
Receive = Callable[[Connection, Arrival, Any], None]
"""Writes what it said: store functions only, for it holds the write lock."""


class ReceiveArrival:
    """`channels` by name: how each reads what arrives, and what it makes of it. `committed` is called after each commit."""

    def __init__(
        self,
        db: Database,
        channels: Mapping[str, tuple[Understand, Receive]],
        committed: Callable[[], None],
    ) -> None:
        self._db = db
        self._channels = channels
        self._committed = committed

    async def __call__(self, work: Work) -> None:
        arrival = await self._db.read(arrivals.get_arrival, work.key)
        if arrival.channel not in self._channels:
            raise NotFound(f"nothing here understands the channel {arrival.channel}")
        understand, receive = self._channels[arrival.channel]
        await self._db.write(_receive, work.id, arrival, await understand(arrival), receive)
        self._committed()


def _receive(connection: Connection, work_id: str, arrival: Arrival, said: Any, receive: Receive) -> None:
    if outbox.finish(connection, work_id):
        receive(connection, arrival, said)

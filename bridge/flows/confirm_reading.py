"""What we wrote has reached the customer, or was read: their own device says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.delivery import DeliveryState
from bridge.flows.send_reply import record
from bridge.store import threads


def confirm(
    connection: Connection,
    inbox_id: str,
    thread_keys: Sequence[str],
    up_to: str,
    state: DeliveryState,
    at: datetime,
) -> bool:
    """All that was written in the threads up to the entry `up_to` is in `state`, unless more is known; whether that is news."""
    behind = threads.list_behind(connection, inbox_id, thread_keys, up_to, state)
    for delivery_id in behind:
        record(connection, delivery_id, state, at)
    return bool(behind)

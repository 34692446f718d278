"""What a channel made of an arrival, kept: its messages, the statuses of its orders and of our messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from bridge.domain.message import InboundMessage, StatusUpdate, Told, Unread
from bridge.domain.order import OrderUpdate
from bridge.flows.append_entry import append_and_tell
from bridge.flows.import_orders import save_order
from bridge.flows.receive_message import receive_message
from bridge.flows.receive_status import receive_status
from bridge.store.arrivals import Arrival

log = structlog.get_logger()


def receive_told(
    connection: Connection, arrival: Arrival, told: Sequence[Told], *, reopen: timedelta
) -> None:
    """All of it in this transaction, once. `reopen` is that of `receive_message`."""
    for each in told:
        match each:
            case InboundMessage():
                receive_message(connection, arrival, each, reopen=reopen)
            case OrderUpdate():
                save_order(connection, each, now=arrival.arrived_at, append=append_and_tell)
            case StatusUpdate():
                receive_status(connection, arrival, each)
            case Unread(kind):
                log.info("arrival_unread", channel=arrival.channel, arrival_id=arrival.id, kind=kind)

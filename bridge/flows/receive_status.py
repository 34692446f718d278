"""What a provider says became of a message of ours: kept, told to the desks, and never taken back by what is older."""

from __future__ import annotations

import structlog
from sqlalchemy import Connection

from bridge.domain.message import PART, StatusUpdate
from bridge.domain.times import believed
from bridge.flows.send_reply import tell
from bridge.store import deliveries
from bridge.store.arrivals import Arrival

LONGEST_REASON = 500

log = structlog.get_logger()


def receive_status(connection: Connection, arrival: Arrival, update: StatusUpdate) -> None:
    """Once for each state, in whatever order they come, be it before the provider has answered for the message."""
    named, _, part = update.delivery_id.partition(PART)
    known = deliveries.find_sent(connection, arrival.inbox_id, update.key, named)
    if known is None:
        log.info("status_of_nothing", channel=arrival.channel, arrival_id=arrival.id)
        return
    at = believed(update.at, arrival.arrived_at)
    reason = update.reason[:LONGEST_REASON]
    number = int(part) if part.isdecimal() else None
    if deliveries.hear(connection, known, update.key, update.state, at=at, reason=reason, part=number):
        tell(connection, known, arrival.arrived_at)

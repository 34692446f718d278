"""What became of a message that we wrote."""

from __future__ import annotations

import enum

import msgspec


class DeliveryState(enum.StrEnum):
    """ACCEPTED and SENDING are on the way, SENT is with the provider; FAILED and UNKNOWN are sent again by a person only."""

    ACCEPTED = "accepted"
    """Kept by us, and will be sent."""
    SENDING = "sending"
    SENT = "sent"
    """The provider has taken it."""
    FAILED = "failed"
    """The provider does not take it, and says why."""
    UNKNOWN = "unknown"
    """It was sent and the answer was lost: the customer may have it or not."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` is what the provider said, in its words; "" where it said nothing."""

    id: str
    state: DeliveryState
    reason: str = ""

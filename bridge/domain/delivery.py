"""What became of a message that we wrote."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final

import msgspec


class DeliveryState(enum.StrEnum):
    """ACCEPTED and SENDING are on the way, SENT is with the provider, DELIVERED and READ with the customer.

    FAILED and UNKNOWN are sent again by a person only.
    """

    ACCEPTED = "accepted"
    """Kept by us, and will be sent."""
    SENDING = "sending"
    SENT = "sent"
    """The provider has taken it."""
    DELIVERED = "delivered"
    """It is on the customer's device."""
    READ = "read"
    """The customer has seen it."""
    FAILED = "failed"
    """The provider does not take it, and says why."""
    UNKNOWN = "unknown"
    """It was sent and the answer was lost: the customer may have it or not."""

    def follows(self, earlier: DeliveryState) -> bool:
        """Whether what is `earlier` may become this. Providers tell in any order: what is known is never taken back."""
        if earlier is DeliveryState.FAILED and self is DeliveryState.ACCEPTED:
            return True
        if earlier in _TOLD:
            return self in _TOLD and _TOLD.index(self) > _TOLD.index(earlier)
        return True


_TOLD: Final = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.DELIVERED, DeliveryState.READ)
"""The later, the more it says: what was sent may fail, and what a device has did not."""


def least(states: Sequence[DeliveryState]) -> DeliveryState:
    """What holds of all of them, each sent or failed: they failed where one did."""
    if DeliveryState.FAILED in states:
        return DeliveryState.FAILED
    return min(states, key=_TOLD.index)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` is what the provider said, in its words; "" where it said nothing.

    `parts` is how many messages it is for the provider, who has `parts_sent` of them: counted where it is more than one.
    """

    id: str
    state: DeliveryState
    reason: str = ""
    parts: int = 1
    parts_sent: int = 0

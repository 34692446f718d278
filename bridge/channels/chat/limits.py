"""How often a visitor, and an address with all its visitors, may do what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bridge.channels.chat.throttle import Throttle

_VISITOR: Final = {
    "write": (20, 0.5),
    "signal": (60, 3.0),
    "file": (10, 1 / 60),
    "code": (3, 1 / 600),
    "try": (10, 1 / 30),
}
_ADDRESS: Final = {
    "open": (60, 1.0),
    "follow": (120, 5.0),
    "write": (100, 3.0),
    "signal": (300, 20.0),
    "file": (30, 1 / 20),
    "code": (6, 1 / 300),
    "try": (30, 1 / 10),
}
_EMAIL: Final = (3, 1 / 1200)


class Limits:
    """`clock` counts seconds. Each raises RateLimited."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._visitor = {what: Throttle(*limit, clock) for what, limit in _VISITOR.items()}
        self._address = {what: Throttle(*limit, clock) for what, limit in _ADDRESS.items()}
        self._email = Throttle(*_EMAIL, clock)

    def enter(self, what: str, address: str, visitor_id: str = "") -> None:
        self._address[what].enter(address)
        if what in self._visitor:
            self._visitor[what].enter(visitor_id)

    def write_to(self, email: str) -> None:
        """Nobody's letter-box is filled by asking for codes."""
        self._email.enter(email)

"""How often somebody may ask: so many at once, and so many a second in the long run."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from bridge.errors import RateLimited

MOST_KEYS: Final = 20_000


class Throttle:
    """By key (a visitor, an address): `burst` at once, then `rate` a second. Who was forgotten begins anew."""

    def __init__(self, burst: float, rate: float, clock: Callable[[], float]) -> None:
        self._burst = burst
        self._rate = rate
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def enter(self, key: str) -> None:
        """Raises RateLimited with the seconds to wait."""
        now = self._clock()
        left, since = self._left.get(key, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        if left < 1:
            raise RateLimited("too much at once", retry_after=(1 - left) / self._rate)
        self._left[key] = (left - 1, now)
        self._left.move_to_end(key)
        while len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)

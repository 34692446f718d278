"""Slows down whoever guesses passwords: after a few failures each further try has to wait longer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from bridge.errors import RateLimited

FORGET_AFTER = 3600.0
MOST_KEYS = 10_000


class LoginThrottle:
    """Counts tries by key (a login, an address). The first `free` cost nothing; then 1, 2, 4 … up to `longest` seconds.

    A try counts as failed when it begins, so that many at once cannot slip through; success clears it.
    """

    def __init__(self, *, free: int, longest: float, clock: Callable[[], float]) -> None:
        self._free = free
        self._longest = longest
        self._clock = clock
        self._tries: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tries)

    def enter(self, key: str) -> None:
        """Raises RateLimited with the seconds to wait."""
        now = self._clock()
        failures, last = self._tries.get(key, (0, now))
        if now - last > FORGET_AFTER:
            failures = 0
        wait = last + self._delay(failures) - now
        if wait > 0:
            raise RateLimited("too many tries to log in", retry_after=wait)
        self._tries[key] = (failures + 1, now)
        self._tries.move_to_end(key)
        while len(self._tries) > MOST_KEYS:
            self._tries.popitem(last=False)

    def clear(self, key: str) -> None:
        self._tries.pop(key, None)

    def _delay(self, failures: int) -> float:
        if failures < self._free:
            return 0.0
        return min(self._longest, 2.0 ** min(failures - self._free, 10))

"""Asking the directory without letting it hold a call: in a pool thread, and only until 250 ms after the connection."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from pbx.agi.metrics import AgiMetrics
from pbx.errors import Transient
from pbx.interface import CallerCard, CallerDirectory, PhoneNumber

LOOKUP_SECONDS: Final = 0.25
THREADS: Final = 16
"""Enough for the 5 % of lookups that a sick database makes slow at 300 calls a second and 1 s each."""

_log = structlog.get_logger(__name__)


class CardLookup:
    """Bounded access to a `CallerDirectory`.

    A lookup that is late goes on in its thread, and nobody waits for it; one that is still queued is dropped.
    """

    def __init__(self, directory: CallerDirectory, metrics: AgiMetrics) -> None:
        self._directory = directory
        self._metrics = metrics
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="card")

    async def find(self, number: PhoneNumber, dialled: str, opened_at: float) -> CallerCard | None:
        """The card, or None when nobody is known.

        Raises Transient, counted and logged here, when the directory was late or failed.
        `opened_at` is the monotonic time of the connection, `dialled` the DID in E.164 or "".
        """
        loop = asyncio.get_running_loop()
        asked = loop.run_in_executor(self._threads, self._directory.find_card, number, dialled)
        await asyncio.wait({asked}, timeout=max(0.0, opened_at + LOOKUP_SECONDS - time.monotonic()))
        if not asked.done():
            asked.cancel()
            self._metrics.lookups_late += 1
            _log.warning("agi_lookup_late", seconds=LOOKUP_SECONDS)
            raise Transient("the directory is late")
        if error := asked.exception():
            self._metrics.lookups_failed += 1
            _log.error("agi_lookup_failed", exc_info=error)
            raise Transient("the directory failed") from error
        card = asked.result()
        if card is None:
            self._metrics.lookups_unknown += 1
        else:
            self._metrics.lookups_found += 1
        return card

    def close(self) -> None:
        """Take no more; running lookups are left to themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

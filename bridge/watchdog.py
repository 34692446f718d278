"""Names what blocks the event loop: a thread that sees the loop's heartbeat late looks at what the loop's thread runs.

A blocked loop delays every call's pop and every desk, and leaves no other trace. One line is logged for each stall, while
it lasts.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from types import FrameType
from typing import Final

import structlog

LATE_SECONDS: Final = 0.25
BEAT_SECONDS: Final = 0.05
FRAMES: Final = 6

log = structlog.get_logger()


class Watchdog:
    """Watches the loop of the thread that calls `start`. `stalls` counts how often it was blocked."""

    def __init__(self, late_seconds: float = LATE_SECONDS) -> None:
        self.stalls = 0
        self._late_seconds = late_seconds
        self._beat_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._beat()
        watched = threading.get_ident()
        self._thread = threading.Thread(target=self._watch, args=(watched,), name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._thread is not None:
            self._thread.join()

    def _beat(self) -> None:
        self._beat_at = time.monotonic()
        self._timer = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)

    def _watch(self, watched: int) -> None:
        looked_at, told = time.monotonic(), 0.0
        while not self._stopping.wait(BEAT_SECONDS):
            now, beat_at = time.monotonic(), self._beat_at
            # A process that was stopped as a whole, or a machine that slept: the loop gets its turn first.
            was_away = now - looked_at > self._late_seconds
            looked_at = now
            late = now - beat_at - BEAT_SECONDS
            if late > self._late_seconds and told != beat_at and not was_away:
                told = beat_at
                self.stalls += 1
                frame = sys._current_frames().get(watched)
                log.error("loop_blocked", ms=round(late * 1000), where=innermost(frame))


def innermost(frame: FrameType | None) -> list[str]:
    """The functions that run, the innermost first: module, name and line."""
    found: list[str] = []
    while frame is not None and len(found) < FRAMES:
        code = frame.f_code
        found.append(f"{frame.f_globals.get('__name__', '?')}.{code.co_qualname}:{frame.f_lineno}")
        frame = frame.f_back
    return found

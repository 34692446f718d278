"""Asking the directory without letting it hold a call: in a thread, and only until 250 ms after the connection.

All lookups go to one thread, the first lane, as long as it answers: with several at work each step of SQLite is a fight for the
interpreter's lock, which costs more than the lookup (docs/adr/0003-agi-on-the-loop.md has the figures). A lane
that is over one lookup for longer than a healthy database ever takes is passed by: the next lane, a thread with
connections of its own, takes what comes and what waits in line behind the slow one.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import Final

import structlog

from pbx.agi.metrics import AgiMetrics
from pbx.errors import Transient
from pbx.interface import CallerCard, CallerDirectory, PhoneNumber

LOOKUP_SECONDS: Final = 0.25
SLOW_SECONDS: Final = 0.005
LANES: Final = 16
"""Enough for the 5 % of lookups that a sick database makes slow at 300 calls a second and 1 s each."""

_log = structlog.get_logger(__name__)


class CardLookup:
    """Bounded access to a `CallerDirectory`, for the event loop that it is first used on.

    A lookup that is late goes on in its thread, and nobody waits for it; one that has not begun by then never does.
    """

    def __init__(self, directory: CallerDirectory, metrics: AgiMetrics) -> None:
        self._directory = directory
        self._metrics = metrics
        self._lanes: list[_Lane] = []

    async def find(self, number: PhoneNumber, dialled: str, opened_at: float) -> CallerCard | None:
        """The card, or None when nobody is known.

        Raises Transient, counted and logged here, when the directory was late or failed.
        `opened_at` is the monotonic time of the connection, `dialled` the DID in E.164 or "".
        """
        question = _Question(number, dialled)
        self._choose_lane().questions.put(question)
        late_at = opened_at + LOOKUP_SECONDS
        question.timer = question.loop.call_later(SLOW_SECONDS, self._put_forward, question, late_at)
        await question.settled
        return self._read(question)

    def _read(self, question: _Question) -> CallerCard | None:
        metrics = self._metrics
        if not question.answered:
            metrics.lookups_late += 1
            _log.warning("agi_lookup_late", seconds=LOOKUP_SECONDS)
            raise Transient("the directory is late")
        if question.error is not None:
            metrics.lookups_failed += 1
            # By its type only: a database that is away fails hundreds of times a second, and texts may hold numbers.
            _log.error("agi_lookup_failed", error=type(question.error).__name__)
            raise Transient("the directory failed") from question.error
        if question.card is None:
            metrics.lookups_unknown += 1
        else:
            metrics.lookups_found += 1
        return question.card

    def _choose_lane(self) -> _Lane:
        """The first that is not stuck; when all are, the one that has been for the shortest time."""
        now = time.monotonic()
        for lane in self._lanes:
            if now - lane.busy_since < SLOW_SECONDS:
                return lane
        if len(self._lanes) < LANES:
            lane = _Lane(self._directory, name=f"card-{len(self._lanes)}")
            self._lanes.append(lane)
            lane.start()
            return lane
        return max(self._lanes, key=lambda lane: lane.busy_since)

    def _put_forward(self, question: _Question, late_at: float) -> None:
        """Still unanswered: what only waits in line goes to a lane that moves; at the latest time, give up."""
        left = late_at - time.monotonic()
        if question.settled.done() or left <= 0:
            question.give_up()
        elif question.begun:
            question.timer = question.loop.call_later(left, question.give_up)
        else:
            self._choose_lane().questions.put(question)
            question.timer = question.loop.call_later(
                min(SLOW_SECONDS, left), self._put_forward, question, late_at
            )


class _Question:
    """One lookup. `begun`, `card`, `error` and `answered` are written by the thread that answers it, the rest by the loop."""

    __slots__ = ("answered", "begun", "card", "dialled", "error", "loop", "number", "settled", "timer")

    def __init__(self, number: PhoneNumber, dialled: str) -> None:
        self.number = number
        self.dialled = dialled
        self.loop = asyncio.get_running_loop()
        self.settled: asyncio.Future[None] = self.loop.create_future()
        self.timer: asyncio.TimerHandle | None = None
        self.begun = self.answered = False
        self.card: CallerCard | None = None
        self.error: Exception | None = None

    def settle(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        if not self.settled.done():
            self.settled.set_result(None)

    def give_up(self) -> None:
        self.begun = True
        self.settle()


class _Lane(threading.Thread):
    """A thread that answers questions in turn. A daemon: a lookup that hangs must not keep the process."""

    def __init__(self, directory: CallerDirectory, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.questions: SimpleQueue[_Question] = SimpleQueue()
        self.busy_since = math.inf
        self._directory = directory

    def run(self) -> None:
        while True:
            question = self.questions.get()
            if not question.begun:
                self.busy_since = time.monotonic()
                self._answer(question)
                self.busy_since = math.inf

    def _answer(self, question: _Question) -> None:
        question.begun = True
        try:
            question.card = self._directory.find_card(question.number, question.dialled)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is raised where the question was asked
            question.error = error
        question.answered = True
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            question.loop.call_soon_threadsafe(question.settle)

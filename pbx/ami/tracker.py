"""Drains what the AMI client hears, folds it into Calls and hands their history on.

It holds the open calls only. After every (re)connection a snapshot repairs them: what is gone is closed as
unknown where Asterisk's own records do not tell more, what is new is opened, what came and went meanwhile is told from those
records, and the stretch that nobody watched is said to the sink.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

from pbx.ami.book import CallBook
from pbx.ami.call_records import CallRecords, testify
from pbx.ami.client import Heard, LinkLost, News, utc_now
from pbx.ami.facts import Fact, LegHungUp
from pbx.ami.snapshot import Snapshot
from pbx.ami.unwatched import rebuild
from pbx.call import Folded
from pbx.interface import Call, CallSink, WatchGap

RETELL_EVERY: Final = 0.05
"""Seconds. What came unwatched takes its time: the calls that are watched meanwhile, and their pops, go before."""


class Tracker:
    """`open_calls` are those that were open when this PBX was last watched, until `watched_until`.

    They are adopted when their legs still live at the first snapshot, and closed when not. `observe_lag` is told of each
    fact how many seconds after Asterisk's time of it it was folded.
    """

    def __init__(
        self,
        pbx: str,
        sink: CallSink,
        open_calls: Iterable[Call] = (),
        watched_until: datetime | None = None,
        *,
        records: CallRecords | None = None,
        observe_lag: Callable[[float], None] = lambda _: None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._pbx = pbx
        self._sink = sink
        self._book = CallBook(pbx, open_calls)
        self._lost_at = watched_until
        self._records = records
        self._observe_lag = observe_lag
        self._clock = clock
        self._unwatched: Iterator[Folded] = iter(())
        self._repaired = asyncio.Event()
        self._repaired_at: datetime | None = None
        """When the snapshot was made after which what came unwatched is still being told."""
        self._untold_since: datetime | None = None
        """Since when that came."""

    @property
    def open_calls(self) -> int:
        return len(self._book)

    @property
    def is_retelling(self) -> bool:
        """Whether something of the last gap is still to be told."""
        return self._repaired_at is not None

    async def run(self, news: asyncio.Queue[News]) -> None:
        """Until cancelled; `retell` runs beside it."""
        while True:
            self.take(await news.get())
            # A queue that is not empty does not wait: let what this led to, a pop above all, go out before the next.
            await asyncio.sleep(0)

    async def retell(self) -> None:
        """Until cancelled: tells what came and went unwatched one by one, after each repair."""
        while True:
            await self._repaired.wait()
            self._repaired.clear()
            if self.tell_unwatched():
                self._repaired.set()
                await asyncio.sleep(RETELL_EVERY)

    def take(self, news: News) -> None:
        match news:
            case Snapshot():
                self._repair(news)
            case LinkLost():
                # What was not told yet of the gap before belongs to this one too.
                self._lost_at = self._lost_at or self._untold_since or news.at
            case Heard():
                self._hear(news.at)
            case _:
                self._observe_lag((self._clock() - news.at).total_seconds())
                self._fold(news)

    def _fold(self, fact: Fact) -> None:
        for call, events in self._book.take(fact):
            # Whoever dialled a colleague leaves without an event, and is free all the same.
            if events or isinstance(fact, LegHungUp):
                self._sink.accept(call, events)

    def _repair(self, snapshot: Snapshot) -> None:
        # The clock may have been set back meanwhile.
        since = min(self._lost_at, snapshot.at) if self._lost_at else None
        up_before = self._book.linkedids
        if since:
            self._find_unwatched(since, snapshot)
        for fact in self._list_repairs(snapshot):
            self._fold(fact)
        if since:
            self._lost_at = None
            up = up_before | self._book.linkedids
            self._sink.accept_gap(WatchGap(self._pbx, since, snapshot.at, calls=up))
        self._repaired_at = snapshot.at
        self._repaired.set()

    def tell_unwatched(self) -> bool:
        """Tell the sink of one more call that came and went unwatched; False when there is none left.

        Only then is all told until the snapshot: a server that is killed before tells them again.
        """
        if self._repaired_at is None:
            return False
        folded = next(self._unwatched, None)
        if folded is not None:
            self._sink.accept_unwatched(*folded)
            return True
        self._sink.accept_heard(self._pbx, self._repaired_at)
        self._repaired_at = self._untold_since = None
        return False

    def _hear(self, at: datetime) -> None:
        if self._repaired_at is not None:
            return
        if self._records is not None:
            self._records.keep_short()
        self._sink.accept_heard(self._pbx, at)

    def _find_unwatched(self, since: datetime, snapshot: Snapshot) -> None:
        if self._records is None:
            return
        alive = {live.created.linkedid for live in snapshot.legs}

        def is_open(linkedid: str) -> bool:
            return linkedid in alive or self._book.holds(linkedid)

        self._untold_since = since
        self._unwatched = rebuild(self._pbx, self._records.read(), since, snapshot.at, is_open)

    def _list_repairs(self, snapshot: Snapshot) -> list[Fact]:
        repairs = self._book.list_repairs(snapshot)
        if self._records is None:
            return repairs
        return testify(repairs, self._records.read(), self._book.find_call)

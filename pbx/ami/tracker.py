"""Drains what the AMI client hears, folds it into Calls and hands their history on.

It holds the open calls only. After every (re)connection a snapshot repairs them: what is gone is closed as
unknown where Asterisk's own records do not tell more, what is new is opened, what came and went meanwhile is told from those
records, and the stretch that nobody watched is said to the sink.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

from pbx.ami.book import CallBook
from pbx.ami.call_records import CallRecords, testify
from pbx.ami.client import Heard, LinkLost, News, utc_now
from pbx.ami.facts import Fact, LegHungUp
from pbx.ami.snapshot import Snapshot
from pbx.ami.unwatched import rebuild
from pbx.interface import Call, CallSink, WatchGap


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

    @property
    def open_calls(self) -> int:
        return len(self._book)

    async def run(self, news: asyncio.Queue[News]) -> None:
        """Until cancelled."""
        while True:
            self.take(await news.get())
            # A queue that is not empty does not wait: let what this led to, a pop above all, go out before the next.
            await asyncio.sleep(0)

    def take(self, news: News) -> None:
        match news:
            case Snapshot():
                self._repair(news)
            case LinkLost():
                self._lost_at = self._lost_at or news.at
            case Heard():
                if self._records is not None:
                    self._records.keep_short()
                self._sink.accept_heard(self._pbx, news.at)
            case _:
                self._observe_lag((self._clock() - news.at).total_seconds())
                self._fold(news)

    def _fold(self, fact: Fact) -> None:
        for call, events in self._book.take(fact):
            # Whoever dialled a colleague leaves without an event, and is free all the same.
            if events or isinstance(fact, LegHungUp):
                self._sink.accept(call, events)

    def _repair(self, snapshot: Snapshot) -> None:
        if self._lost_at:
            # The clock may have been set back meanwhile.
            since = min(self._lost_at, snapshot.at)
            self._sink.accept_gap(WatchGap(self._pbx, since, snapshot.at))
            self._lost_at = None
            self._retell(since, snapshot)
        for fact in self._list_repairs(snapshot):
            self._fold(fact)
        self._sink.accept_heard(self._pbx, snapshot.at)

    def _retell(self, since: datetime, snapshot: Snapshot) -> None:
        if self._records is None:
            return
        alive = {live.created.linkedid for live in snapshot.legs}

        def is_open(linkedid: str) -> bool:
            return linkedid in alive or self._book.holds(linkedid)

        for call, events in rebuild(self._pbx, self._records.read(), since, snapshot.at, is_open):
            self._sink.accept_unwatched(call, events)

    def _list_repairs(self, snapshot: Snapshot) -> list[Fact]:
        repairs = self._book.list_repairs(snapshot)
        if self._records is None:
            return repairs
        return testify(repairs, self._records.read(), self._book.find_call)

"""Drains what the AMI client hears, folds it into Calls and hands their history on.

It holds the open calls only. After every (re)connection a snapshot repairs them: what is new is opened, and the stretch
that nobody watched is said to the sink. At the first answered ping after that Asterisk's own records are asked: what
is gone is closed as they tell, or as unknown, and what came and went meanwhile is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from pbx.ami.book import CallBook
from pbx.ami.call_records import CallRecord, CallRecords, list_unseen, testify
from pbx.ami.client import Heard, LinkLost, News, utc_now
from pbx.ami.facts import Fact, LegCreated, LegHungUp
from pbx.ami.snapshot import Snapshot
from pbx.ami.unwatched import rebuild
from pbx.call import Folded
from pbx.interface import Call, CallSink, LegState, WatchGap

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
        self._asked = asyncio.Event()
        """Whether there is something to retell."""
        self._untold_since: datetime | None = None
        """Since when things happened that are yet to be told."""
        self._told_until: datetime | None = None
        """Until when all is told, once these are."""
        self._gone: list[LegHungUp] = []
        """The legs that the snapshot found gone, until the records are asked for them."""

    @property
    def open_calls(self) -> int:
        return len(self._book)

    @property
    def is_retelling(self) -> bool:
        """Whether something of the last gap is still to be told."""
        return self._untold_since is not None

    async def run(self, news: asyncio.Queue[News]) -> None:
        """Until cancelled; `retell` runs beside it."""
        while True:
            self.take(await news.get())
            # A queue that is not empty does not wait: let what this led to, a pop above all, go out before the next.
            await asyncio.sleep(0)

    async def retell(self) -> None:
        """Until cancelled: tells what came and went unwatched one by one, after each gap."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            if self.tell_unwatched():
                self._asked.set()
                await asyncio.sleep(RETELL_EVERY)

    def take(self, news: News) -> None:
        match news:
            case Snapshot():
                self._repair(news)
            case LinkLost():
                # What was not told yet of the gap before belongs to this one too.
                self._lost_at = self._lost_at or self._untold_since or news.at
                self._told_until = None
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
        if since is not None:
            self._lost_at, self._untold_since = None, since
        up_before = self._book.linkedids
        self._gone, living = self._book.list_repairs(snapshot)
        for fact in living:
            self._fold(fact)
        if since is not None:
            up = up_before | self._book.linkedids
            self._sink.accept_gap(WatchGap(self._pbx, since, snapshot.at, calls=up))
        if self._untold_since is None:
            self._close_gone(self._read_records())
            self._sink.accept_heard(self._pbx, snapshot.at)

    def tell_unwatched(self) -> bool:
        """Tell the sink of one more call that came and went unwatched; False when there is none left.

        Only then is all told: a server that is killed before tells them again.
        """
        if self._told_until is None:
            return False
        folded = next(self._unwatched, None)
        if folded is not None:
            self._sink.accept_unwatched(*folded)
            return True
        self._sink.accept_heard(self._pbx, self._told_until)
        self._told_until = self._untold_since = None
        return False

    def _hear(self, at: datetime) -> None:
        if self._told_until is not None:
            return
        if self._untold_since is not None:
            self._ask_records(self._untold_since)
            self._told_until = at
            self._asked.set()
            return
        if self._records is not None:
            self._records.keep_short()
        self._sink.accept_heard(self._pbx, at)

    def _ask_records(self, since: datetime) -> None:
        records = self._read_records()
        self._close_gone(records)
        self._unwatched = rebuild(self._pbx, records, since, self._book.holds)

    def _read_records(self) -> list[CallRecord]:
        return self._records.read() if self._records is not None else []

    def _close_gone(self, records: Sequence[CallRecord]) -> None:
        gone, self._gone = self._gone, []
        for leg in self._list_unseen(gone, records):
            self._fold(leg)
            gone.append(LegHungUp(leg.at, leg.uniqueid, cause=None))
        for fact in testify(gone, records, self._book.find_call):
            self._fold(fact)

    def _list_unseen(self, gone: Sequence[LegHungUp], records: Sequence[CallRecord]) -> list[LegCreated]:
        """Of the calls that are over."""
        ended = {fact.uniqueid for fact in gone}
        calls = {call.linkedid: call for fact in gone if (call := self._book.find_call(fact.uniqueid))}
        return [
            leg
            for call in calls.values()
            if all(leg.state is LegState.ENDED or leg.uniqueid in ended for leg in call.legs.values())
            for leg in list_unseen(call, records)
        ]

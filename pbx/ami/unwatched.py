"""Calls that came and went while nobody watched, told from Asterisk's own records as if they had been seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from pbx.ami.book import CallBook
from pbx.ami.call_records import CallRecord, testify
from pbx.ami.facts import LegCreated, LegHungUp
from pbx.call import Folded, opens_call

OVERLAP: Final = timedelta(seconds=5)
"""How long before the last answered ping a call may have begun that was not told of: the answer may overtake the event."""


def rebuild(
    pbx: str, records: Iterable[CallRecord], since: datetime, is_open: Callable[[str], bool]
) -> Iterator[Folded]:
    """Each call that may have begun after `since` and is over, with all that happened to it.

    One that was watched may be among them. `is_open` tells by its linkedid of one that is watched still. What a record
    does not tell, such as when a phone began to ring, is left out.
    """
    ordered = sorted(records, key=lambda record: record.linkedid)
    for linkedid, of_call in groupby(ordered, key=lambda record: record.linkedid):
        told = list(of_call)
        begun = [record.started_at for record in told if record.started_at is not None]
        whole = len(begun) == len(told) and min(begun) >= since - OVERLAP
        if not whole or is_open(linkedid):
            continue
        legs = [leg for leg in _legs(told) if opens_call(leg)]
        if legs:
            yield _retell(CallBook(pbx), legs, told)


def _retell(book: CallBook, legs: Sequence[LegCreated], records: Sequence[CallRecord]) -> Folded:
    told = [folded for leg in legs for folded in book.take(leg)]
    over_at = max(record.ended_at for record in records)
    ends = [LegHungUp(over_at, leg.uniqueid, cause=None) for leg in legs]
    told += [folded for fact in testify(ends, records, book.find_call) for folded in book.take(fact)]
    return told[-1][0], [event for _, events in told for event in events]


def _legs(records: Sequence[CallRecord]) -> Iterator[LegCreated]:
    """The legs in the order of their beginning. A record names the one that was dialled by its channel only."""
    seen: set[str] = set()
    for record in sorted(records, key=lambda record: (record.started_at, record.uniqueid)):
        assert record.started_at is not None
        own = LegCreated(
            record.started_at,
            record.uniqueid,
            linkedid=record.linkedid,
            channel=record.channel,
            caller=record.caller,
            dialled=record.dialled,
        )
        partner = replace(own, uniqueid=record.dialled_channel, channel=record.dialled_channel)
        for leg in (own, partner):
            if leg.channel and leg.uniqueid not in seen:
                seen.add(leg.uniqueid)
                yield leg

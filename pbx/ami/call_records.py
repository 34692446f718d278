"""Asterisk's own call records (CDR): the second witness, of calls that ended while nobody watched.

Asterisk appends a line for each pair of legs to a file in the home (cdr_custom.conf), whether we run or not: when the
leg that dialled is gone, and a moment later than AMI tells of that. It is read after every absence. When it has grown
long while all was watched it is put aside, and what was put aside before is removed: we may be killed with what the newest
lines say not stored yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pbx.ami.facts import (
    NORMAL_CLEARING,
    DialEnded,
    Fact,
    HangupRequested,
    LegCreated,
    LegHungUp,
    RecordingBegan,
)
from pbx.interface import Call, Leg, LegRole
from pbx.outcome import USER_BUSY

FILE: Final = Path("asterisk/log/cdr-custom/omniline.csv")
"""In the home."""
MOST_BYTES: Final = 1 << 20
"""How long the file may get while everything is watched."""
CONGESTION: Final = 34
_CAUSES: Final = {"BUSY": USER_BUSY, "FAILED": CONGESTION, "CONGESTION": CONGESTION}
_LENGTHS: Final = (8, 11)
"""Fields of a line; homes made before calls were rebuilt have the fewer."""
_WAITING: Final = ("Queue", "Dial")
"""The applications in which a caller waits for somebody: who ends in one without an answer gave up."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A pair of legs: the one that dialled, and the channel that it dialled, '' when it dialled none."""

    linkedid: str
    uniqueid: str
    dialled_channel: str
    answered_at: datetime | None
    ended_at: datetime
    disposition: str
    application: str
    channel: str = ""
    started_at: datetime | None = None
    # Of a call to the company: the number that was dialled, and the name of its recording.
    dialled: str = ""
    recording: str = ""
    caller: str = ""


class CallRecords:
    """The file at `path`, which may not be there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._aside = path.with_suffix(".old")

    def read(self) -> list[CallRecord]:
        """All that it has; lines that are none of ours, such as a torn one, are passed over."""
        lines = [*_read_lines(self._aside), *_read_lines(self._path)]
        return [record for line in lines if (record := _read_record(line)) is not None]

    def keep_short(self) -> None:
        """Called while all is watched. Asterisk makes the file anew with its next line."""
        if self._path.exists() and self._path.stat().st_size > MOST_BYTES:
            self._path.replace(self._aside)


def list_unseen(call: Call, records: Iterable[CallRecord]) -> list[LegCreated]:
    """The legs that were dialled for `call`, which is over, while nobody watched. A record names them by channel only."""
    seen = {leg.channel for leg in call.legs.values()}
    unseen = {
        record.dialled_channel: LegCreated(
            record.started_at or record.ended_at,
            record.dialled_channel,
            linkedid=call.linkedid,
            channel=record.dialled_channel,
        )
        for record in records
        if record.linkedid == call.linkedid and record.dialled_channel not in {"", *seen}
    }
    return list(unseen.values())


def testify(
    gone: Iterable[LegHungUp], records: Sequence[CallRecord], find_call: Callable[[str], Call | None]
) -> list[Fact]:
    """The ends of legs that were found gone, with what the records know better: when they ended, and how.

    A leg of a call without a record keeps its end that nobody saw.
    """
    known: list[Fact] = []
    rest: list[Fact] = []
    for fact in gone:
        call = find_call(fact.uniqueid)
        told = _end_of(call.legs[fact.uniqueid], call, records) if call is not None else []
        known += told
        rest += [] if told else [fact]
    return [*sorted(known, key=lambda fact: fact.at), *rest]


def _end_of(leg: Leg, call: Call, records: Sequence[CallRecord]) -> list[Fact]:
    """What the records say of a leg that is gone. One that they do not name went with its call."""
    of_call = [record for record in records if record.linkedid == call.linkedid]
    dialled = [record for record in records if record.dialled_channel == leg.channel]
    own = [record for record in records if record.uniqueid == leg.uniqueid]
    of_leg = [*dialled, *own] or of_call
    if not of_leg:
        return []
    last = max(of_leg, key=lambda record: record.ended_at)
    facts: list[Fact] = []
    taken = next((record for record in dialled if record.disposition == "ANSWERED"), None)
    if taken is not None and leg.role is LegRole.AGENT and leg.answered_at is None:
        # Asterisk's answer may be that of the queue, before this phone rang.
        times = [at for at in (taken.answered_at, leg.invited_at, leg.ringing_at) if at is not None]
        taken_at = max(times, default=last.ended_at)
        facts.append(DialEnded(taken_at, leg.uniqueid, taken.uniqueid, "ANSWER"))
        if taken.recording:
            facts.append(RecordingBegan(taken_at, leg.uniqueid, name=taken.recording))
    has_talked = any(record.disposition == "ANSWERED" and record.dialled_channel for record in own)
    if own and not has_talked and last.application in _WAITING and last.disposition not in _CAUSES:
        facts.append(HangupRequested(last.ended_at, leg.uniqueid, NORMAL_CLEARING))
    cause = _CAUSES.get(last.disposition, NORMAL_CLEARING)
    return [*facts, LegHungUp(last.ended_at, leg.uniqueid, cause)]


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []


def _read_record(line: str) -> CallRecord | None:
    # What the caller calls itself comes last: it may hold anything.
    fields = [field.strip('"') for field in line.split(",", 10)]
    if len(fields) not in _LENGTHS:
        return None
    linkedid, uniqueid, channel, partner, answered, ended, disposition, application, *more = fields
    ended_at = _time(ended)
    if ended_at is None:
        return None
    started, called, caller = more or ("", "", "")
    dialled, _, recording = called.partition(" ")
    return CallRecord(
        linkedid,
        uniqueid,
        partner,
        _time(answered),
        ended_at,
        disposition,
        application,
        channel,
        _time(started),
        dialled,
        recording,
        caller,
    )


def _time(text: str) -> datetime | None:
    """Seconds since 1970 as Asterisk writes them; 0 is never."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return datetime.fromtimestamp(seconds, UTC) if seconds else None

"""The open Calls of one PBX, and which of them a fact concerns.

Only open calls are kept: an ended one is forgotten with its legs, so that memory follows the number of
calls that are up.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pbx.ami.facts import (
    BridgeEntered,
    DialEnded,
    Fact,
    LegCreated,
    LegHungUp,
    LegRinging,
    LegUp,
)
from pbx.ami.snapshot import LiveLeg, Snapshot
from pbx.call import Folded, fold, open_call, opens_call
from pbx.interface import Call, LegState


class CallBook:
    """Not thread-safe; `calls` are those that were open when it last was looked."""

    def __init__(self, pbx: str, calls: Iterable[Call] = ()) -> None:
        self._pbx = pbx
        self._calls: dict[str, Call] = {}
        self._call_of: dict[str, str] = {}
        for call in calls:
            self._keep(call)

    def __len__(self) -> int:
        return len(self._calls)

    def take(self, fact: Fact) -> list[Folded]:
        """Each Call that `fact` changed, with what happened to it."""
        if isinstance(fact, LegCreated) and fact.uniqueid not in self._call_of:
            return [self._create(fact)] if opens_call(fact) else []
        return [folded for key in self._concerned(fact) if (folded := self._fold(key, fact))]

    def find_call(self, uniqueid: str) -> Call | None:
        """The open call that this leg belongs to."""
        key = self._call_of.get(uniqueid)
        return self._calls[key] if key else None

    def list_repairs(self, snapshot: Snapshot) -> list[Fact]:
        """The facts that bring the open calls from where they were left to what `snapshot` shows."""
        alive = {live.created.uniqueid for live in snapshot.legs}
        gone = [
            LegHungUp(snapshot.at, leg.uniqueid, cause=None)
            for call in self._calls.values()
            for leg in call.legs.values()
            if leg.state is not LegState.ENDED and leg.uniqueid not in alive
        ]
        # The leg that opened a call first: it is the one that is its caller.
        legs = sorted(snapshot.legs, key=lambda live: live.created.uniqueid != live.created.linkedid)
        return [*gone, *(fact for live in legs for fact in self._restate(live, snapshot.at))]

    def _restate(self, live: LiveLeg, at: datetime) -> list[Fact]:
        """What a live leg's facts would have been; the fold leaves out those that it knows."""
        uniqueid = live.created.uniqueid
        facts: list[Fact] = [live.created]
        # Not for a known leg: somebody may have filed its call under another customer since.
        if live.identified and uniqueid not in self._call_of:
            facts.append(live.identified)
        if live.state is LegState.RINGING:
            facts.append(LegRinging(at, uniqueid))
        if live.state is LegState.UP:
            facts.append(LegUp(at, uniqueid))
        if live.bridge:
            facts.append(BridgeEntered(at, uniqueid, bridge=live.bridge, linkedid=live.created.linkedid))
        return facts

    def _create(self, fact: LegCreated) -> Folded:
        key = self._find_key(fact)
        folded = fold(self._calls[key], fact) if key else open_call(self._pbx, fact)
        self._keep(folded[0])
        return folded

    def _find_key(self, fact: LegCreated) -> str | None:
        """The open Call of the leg's Linkedid, else one that was joined to that and has outlived it."""
        if fact.linkedid in self._calls:
            return fact.linkedid
        if fact.linkedid == fact.uniqueid:
            return None
        return next((key for key, call in self._calls.items() if call.joined_to == fact.linkedid), None)

    def _concerned(self, fact: Fact) -> list[str]:
        # A dial that another leg picked up is news for the dialler's Call too.
        ids = (fact.uniqueid, fact.dialler) if isinstance(fact, DialEnded) else (fact.uniqueid,)
        return list(dict.fromkeys(self._call_of[each] for each in ids if each in self._call_of))

    def _fold(self, key: str, fact: Fact) -> Folded | None:
        before = self._calls[key]
        after, events = fold(before, fact)
        if after.ended_at:
            self._forget(after)
        else:
            self._calls[key] = after
        return (after, events) if events or after != before else None

    def _keep(self, call: Call) -> None:
        self._calls[call.linkedid] = call
        for uniqueid in call.legs:
            self._call_of[uniqueid] = call.linkedid

    def _forget(self, call: Call) -> None:
        del self._calls[call.linkedid]
        for uniqueid in call.legs:
            del self._call_of[uniqueid]

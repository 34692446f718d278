"""The open Calls of one PBX, and which of them a fact concerns.

Only open calls are kept: an ended one is forgotten with its legs, so that memory follows the number of
calls that are up.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pbx.ami.facts import (
    BridgeEntered,
    BridgeLeft,
    DialEnded,
    Fact,
    LegCreated,
    LegHungUp,
    LegRinging,
    LegUp,
    QueueJoined,
    Transferred,
)
from pbx.ami.snapshot import LiveLeg, Snapshot
from pbx.call import Folded, fold, open_call, opens_call
from pbx.guests import dismiss, hosts, join, welcome
from pbx.interface import Call, Leg, LegState


class CallBook:
    """Not thread-safe; `calls` are those that were open when it last was looked."""

    def __init__(self, pbx: str, calls: Iterable[Call] = ()) -> None:
        self._pbx = pbx
        self._calls: dict[str, Call] = {}
        self._call_of: dict[str, str] = {}
        self._bridges: dict[str, set[str]] = {}
        """The legs in each bridge."""
        for call in calls:
            self._keep(call)

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def linkedids(self) -> frozenset[str]:
        """Of the open calls."""
        return frozenset(self._calls)

    def take(self, fact: Fact) -> list[Folded]:
        """Each Call that `fact` changed, with what happened to it."""
        if isinstance(fact, LegCreated) and fact.uniqueid not in self._call_of:
            return [self._create(fact)] if opens_call(fact) else []
        folded = [folded for key in self._concerned(fact) if (folded := self._fold(key, fact))]
        match fact:
            case BridgeEntered() if fact.uniqueid in self._call_of:
                self._bridges.setdefault(fact.bridge, set()).add(fact.uniqueid)
                folded += self._meet(self._bridges[fact.bridge], fact.at)
            case Transferred():
                folded += self._meet({fact.uniqueid, fact.target, *self._list_answered(fact)}, fact.at)
            case BridgeLeft():
                self._leave_bridge(fact.bridge, fact.uniqueid)
            case LegHungUp():
                folded += self._see_off(fact)
        return folded

    def find_call(self, uniqueid: str) -> Call | None:
        """The open call that this leg belongs to."""
        key = self._call_of.get(uniqueid)
        return self._calls[key] if key else None

    def holds(self, linkedid: str) -> bool:
        """Whether this call is open."""
        return linkedid in self._calls

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

    def _meet(self, uniqueids: Iterable[str], at: datetime) -> list[Folded]:
        """Those of different Calls who are in one bridge now speak with each other."""
        met = [
            (key, self._calls[key].legs[uniqueid])
            for uniqueid in sorted(uniqueids)
            if (key := self._call_of.get(uniqueid))
        ]
        present = [(key, leg) for key, leg in met if leg.state is not LegState.ENDED]
        told: list[Folded] = []
        for host_key, customer in present:
            if not hosts(self._calls[host_key], customer):
                continue
            for key, leg in present:
                if key != host_key:
                    told += self._introduce(host_key, key, leg, at)
        return [(call, events) for call, events in told if events]

    def _list_answered(self, fact: Transferred) -> list[str]:
        """The legs that answered whoever transferred."""
        call = self._calls.get(self._call_of.get(fact.transferer, ""))
        legs = call.legs.values() if call else ()
        return [leg.uniqueid for leg in legs if leg.dialled_by == fact.transferer and leg.answered_at]

    def _introduce(self, host_key: str, key: str, leg: Leg, at: datetime) -> list[Folded]:
        """`leg` of the Call `key` speaks with the customer of the Call `host_key`."""
        if leg.extension:
            host, events = self._put(welcome(self._calls[host_key], leg.uniqueid, leg.extension, at))
            return [(host, events), self._put(join(self._calls[key], host, at))]
        older, newer = sorted((self._calls[host_key], self._calls[key]), key=lambda call: call.started_at)
        return [self._put(join(newer, older, at))]

    def _see_off(self, fact: LegHungUp) -> list[Folded]:
        for bridge in [bridge for bridge, legs in self._bridges.items() if fact.uniqueid in legs]:
            self._leave_bridge(bridge, fact.uniqueid)
        visited = [call for call in self._calls.values() if fact.uniqueid in call.guests]
        return [self._put(dismiss(call, (fact.uniqueid,), fact.at)) for call in visited]

    def _leave_bridge(self, bridge: str, uniqueid: str) -> None:
        legs = self._bridges.get(bridge, set())
        legs.discard(uniqueid)
        if not legs:
            self._bridges.pop(bridge, None)

    def _put(self, folded: Folded) -> Folded:
        self._calls[folded[0].linkedid] = folded[0]
        return folded

    def _restate(self, live: LiveLeg, at: datetime) -> list[Fact]:
        """What a live leg's facts would have been; the fold leaves out those that it knows."""
        uniqueid = live.created.uniqueid
        facts: list[Fact] = [live.created]
        # Not for a known leg: somebody may have filed its call under another customer since.
        if live.identified and uniqueid not in self._call_of:
            facts.append(live.identified)
        if live.queue:
            facts.append(QueueJoined(at, uniqueid, queue=live.queue))
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

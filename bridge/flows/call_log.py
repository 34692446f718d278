"""What is to be kept of calls: gathered for some milliseconds, then written in order.

Setting up a call is a handful of events within a few milliseconds, and its row is written once for all of them. Nobody
waits for it: the pop comes from memory. What a crash loses in between is what Asterisk still knows, and the tracker
reads it from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from sqlalchemy import Connection

from bridge.flows.follow_link import Ways
from bridge.flows.ordered_writer import OrderedWriter, Write
from bridge.flows.track_call import Change, Folders, join, track
from bridge.store import calls
from bridge.store.calls import NewStage
from bridge.store.engine import Database
from pbx.interface import CallJoined, Leg

GATHER_SECONDS: Final = 0.05


class CallLog:
    """`committed` and `fence` are those of `OrderedWriter`."""

    def __init__(
        self,
        db: Database,
        folders: Folders,
        ways: Ways,
        committed: Callable[[], None],
        fence: Callable[[Connection], None] | None = None,
    ) -> None:
        self._track = partial(track, folders=folders, ways=ways)
        self._writer = OrderedWriter(db, committed, fence)
        self._changes: dict[str, Change] = {}
        self._stages: dict[str, tuple[NewStage, ...]] = {}
        self._joins: list[CallJoined] = []
        # As they were last put, to write only the legs that have changed since.
        self._legs: dict[str, Mapping[str, Leg]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How much waits to be written."""
        return len(self._writer) + len(self._changes)

    @property
    def refusal(self) -> str | None:
        """Why what waits is not written, when the database has refused it."""
        return self._writer.refusal

    def start(self) -> None:
        self._writer.start()

    def keep(self, change: Change) -> None:
        """A call has changed. Never blocks and never raises."""
        self._joins += [event for event in change.events if isinstance(event, CallJoined)]
        before = self._changes.get(change.call_id)
        if before is not None:
            kept_out = {**before.kept_out, **change.kept_out}
            change = replace(change, events=before.events + change.events, kept_out=kept_out)
        self._changes[change.call_id] = change
        self._put_soon()

    def add_stage(self, call_id: str, stage: NewStage) -> None:
        """A step on a call's way that the PBX does not know of."""
        self._stages[call_id] = (*self._stages.get(call_id, ()), stage)
        self._put_soon()

    def put(self, what: str, work: Callable[[Connection], object]) -> None:
        """Something else, after all that was kept before."""
        self._put_gathered()
        self._writer.put(Write(work, what, ""))

    def holds(self, call_id: str) -> bool:
        """Whether something of this call waits to be written."""
        return call_id in self._changes or call_id in self._stages or self._writer.holds(call_id)

    async def drain(self) -> None:
        """Returns when everything kept so far is written."""
        self._put_gathered()
        await self._writer.drain()

    async def close(self) -> None:
        self._put_gathered()
        await self._writer.close()

    def _put_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._put_gathered)

    def _put_gathered(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for call_id, change in self._changes.items():
            whole = replace(change, legs=self._changed_legs(change), stages=self._stages.pop(call_id, ()))
            self._writer.put(Write(partial(self._track, change=whole), "track", call_id))
        for call_id, stages in self._stages.items():
            self._writer.put(
                Write(partial(calls.add_stages, call_id=call_id, stages=stages), "stages", call_id)
            )
        # Last, for either call may be one of those above.
        for event in self._joins:
            self._writer.put(Write(partial(join, event=event), "join", ""))
        self._changes, self._stages, self._joins = {}, {}, []

    def _changed_legs(self, change: Change) -> tuple[Leg, ...]:
        before = self._legs.pop(change.call_id, {})
        if change.call.ended_at is None:
            self._legs[change.call_id] = change.call.legs
        return tuple(leg for uniqueid, leg in change.call.legs.items() if before.get(uniqueid) is not leg)

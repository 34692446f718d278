"""The telephony side of the desk: takes what the PBX tells and hands it to those it concerns.

`accept` never waits. The screen-pop and the agents' states follow at once, from memory and reads; what is kept goes
through one ordered writer, which loses nothing when the database is away for a while. A call has its id from the first
moment, before its row exists, so that a pop can name it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.card import ScreenPop
from bridge.domain.ids import new_id
from bridge.domain.live import Emit
from bridge.errors import Conflict, Transient
from bridge.flows.agent_states import AgentStates
from bridge.flows.call_log import CallLog
from bridge.flows.call_parties import parties_of
from bridge.flows.end_recordings import end_recordings
from bridge.flows.follow_link import ways_of
from bridge.flows.legs import rings
from bridge.flows.pause_agents import PauseAgents
from bridge.flows.pop_screen import PopScreen
from bridge.flows.pop_tokens import PopTokens
from bridge.flows.roster import Roster
from bridge.flows.send_lines import SendLines
from bridge.flows.track_call import Change, Folders, mark_gap, track_unseen
from bridge.settings import Settings
from bridge.store import agents, open_calls, watch, wrap_ups
from bridge.store.calls import NewStage
from bridge.store.card import rehearse
from bridge.store.engine import Database
from bridge.store.prepared import compile_all
from pbx.errors import PbxError, Rejected
from pbx.interface import (
    AgentInvited,
    AgentLeft,
    Call,
    CallControl,
    CallEnded,
    CallEvent,
    Direction,
    QueueLook,
    WatchGap,
)

RECORDING_SECONDS: Final = 1.0
"""How long after a call its recording is measured: Asterisk writes the last of it when the leg is gone."""
SETTLE_SECONDS: Final = 1.0
REGISTERED_SECONDS: Final = 5.0
"""How often the registered phones are asked for."""

log = structlog.get_logger()


class CallFlow:
    """Implements `CallSink` for the one PBX of the settings.

    `emit` reaches the open desks, `wake_feed` is called after each commit, `observe_pop` is told how many seconds
    after the INVITE a pop was at the stage pop_sent or pop_shown. `pop_key` is what the tokens of ringing legs are made
    with, `link_key` what those of continue-links are sealed with. `fence` raises in a transaction that is not ours to
    make, where another process may have taken over.
    """

    def __init__(
        self,
        *,
        db: Database,
        settings: Settings,
        folders: Folders,
        control: CallControl,
        emit: Emit,
        wake_feed: Callable[[], None],
        observe_pop: Callable[[str, float], None],
        clock: Callable[[], datetime],
        pop_key: str,
        link_key: str,
        fence: Callable[[Connection], None] | None = None,
    ) -> None:
        self._db = db
        self._settings = settings
        self._folders = folders
        self._control = control
        self._observe_pop = observe_pop
        self._clock = clock
        self._ids: dict[str, str] = {}
        """Of the open calls, by linkedid."""
        self._timers: set[asyncio.TimerHandle] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._roster = Roster()
        self._pauses = PauseAgents(control)
        self._ways = ways_of(settings, link_key)
        self.call_log = CallLog(db, folders, self._ways, wake_feed, fence)
        self.lines = SendLines(control, self._roster, settings)
        self.pops = PopScreen(db, emit, self._roster, self._record_stage, clock, self.lines.send)
        self.tokens = PopTokens(pop_key)
        self.states = AgentStates(emit, self._roster, self._pauses, settings.desk.wrap_up_seconds, clock)

    async def start(self) -> tuple[list[Call], datetime | None]:
        """Begin. Answers the calls that were open and until when the PBX was watched, for the tracker to go on from.

        Raises Transient when the database is not there.
        """
        for agent in await self._db.read(agents.list_agents):
            self._roster.learn(agent)
        pbx = self._settings.asterisk.name
        known = await self._db.read(open_calls.list_open, pbx)
        watched_until = await self._db.read(watch.find_last_watched, pbx)
        for call_id, call in known:
            self._adopt(call_id, call)
        self.call_log.start()
        self._end_recordings()
        for each in await self._db.read(wrap_ups.list_under_way, pbx, self._clock()):
            self.states.resume_wrap_up(each.agent_id, each.call_id, each.until)
        # Whose wrap-up ended meanwhile comes back.
        self.states.repair_pauses()
        self._tasks = [
            asyncio.create_task(self._ask_registered(), name="registered-phones"),
            asyncio.create_task(self._rehearse(), name="rehearsal"),
        ]
        return [call for _, call in known], watched_until

    async def close(self) -> None:
        """Stop, after writing what is queued."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for timer in self._timers:
            timer.cancel()
        self.states.close()
        await self._pauses.close()
        await self.pops.close()
        await self.lines.close()
        await self.call_log.close()

    @property
    def open_calls(self) -> int:
        return len(self._ids)

    async def find_database_fault(self) -> str | None:
        """Of a disk that is full one write may find room in a page, where those of calls find none."""
        return self.call_log.refusal

    def accept(self, call: Call, events: Sequence[CallEvent]) -> None:
        call_id = self._ids.get(call.linkedid) or new_id()
        self._ids[call.linkedid] = call_id
        change = self._change(call_id, call, events)
        self.tokens.follow(change)
        self.pops.follow(change)
        self.call_log.keep(replace(change, kept_out=self._begin_wrap_ups(change)))
        for event in events:
            if isinstance(event, CallEnded):
                self._ids.pop(call.linkedid, None)
                if call.recording is not None:
                    self._later(RECORDING_SECONDS, self._end_recordings)
        self.states.follow(call_id, call)

    def accept_gap(self, gap: WatchGap) -> None:
        log.warning("watch_gap", pbx=gap.pbx, seconds=(gap.until - gap.since).total_seconds())
        self.call_log.put("gap", partial(mark_gap, gap=gap))
        self.states.repair_pauses()

    def accept_unwatched(self, call: Call, events: Sequence[CallEvent]) -> None:
        change = replace(self._change(new_id(), call, events), legs=tuple(call.legs.values()))
        track = partial(track_unseen, change=change, folders=self._folders, ways=self._ways)
        self.call_log.put("unwatched", track)
        if call.recording is not None:
            self._later(RECORDING_SECONDS, self._end_recordings)

    def accept_heard(self, pbx: str, at: datetime) -> None:
        # Behind all that was told before: what it says is true of the store, whenever we are killed.
        self.call_log.put("heard", partial(watch.save_heard, pbx=pbx, at=at))

    async def settle(self, call_id: str) -> None:
        """Returns when what is known of this call is in the store, after SETTLE_SECONDS in any case.

        A desk knows a call's id from its pop, before the call's row exists.
        """
        if self.call_log.holds(call_id):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.call_log.drain(), SETTLE_SECONDS)

    async def ring_for_test(self, agent: Agent) -> None:
        """Ring this agent's phone, so that somebody sees what it shows.

        Raises Transient where it is not known whether it rings, Conflict where Asterisk refuses.
        """
        try:
            await self._control.ring_for_test(str(agent.extension))
        except Rejected as error:
            raise Conflict(str(error)) from error
        except PbxError as error:
            raise Transient(str(error)) from error

    async def list_queues(self) -> tuple[QueueLook, ...]:
        """Raises Transient where Asterisk does not say."""
        try:
            return await self._control.list_queues()
        except PbxError as error:
            raise Transient(str(error)) from error

    def _adopt(self, call_id: str, call: Call) -> None:
        """Go on with a call that was open when we stopped; what rings is shown again."""
        self._ids[call.linkedid] = call_id
        invited = [
            AgentInvited(call.pbx, call.linkedid, since, leg=leg.uniqueid, extension=leg.extension)
            for leg in call.legs.values()
            if rings(leg) and (since := leg.invited_at or leg.ringing_at) and leg.extension
        ]
        change = self._change(call_id, call, invited)
        self.tokens.follow(change)
        self.pops.follow(change)
        self.states.follow(call_id, call)

    def _begin_wrap_ups(self, change: Change) -> dict[str, datetime]:
        """Until when each of those who left is kept out of the queues, by extension."""
        if change.call.direction is Direction.INTERNAL:
            return {}
        left = [event.extension for event in change.events if isinstance(event, AgentLeft)]
        begun = {extension: self.states.begin_wrap_up(extension, change.call_id) for extension in left}
        return {extension: until for extension, until in begun.items() if until is not None}

    def _change(self, call_id: str, call: Call, events: Sequence[CallEvent]) -> Change:
        parties = parties_of(call, self._settings.company.region)
        return Change(call_id, call, parties, tuple(events))

    def _record_stage(self, pop: ScreenPop, stage: str, at: datetime, seconds: float) -> None:
        self.call_log.add_stage(pop.call_id, NewStage(stage, at, pop.extension, pop.leg))
        self._observe_pop(stage, seconds)

    def _end_recordings(self) -> None:
        pbx, folder = self._settings.asterisk.name, self._folders.recordings
        self.call_log.put("end_recordings", partial(end_recordings, pbx=pbx, recordings=folder))

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        def act() -> None:
            self._timers.discard(timer)
            action()

        timer = asyncio.get_running_loop().call_later(seconds, act)
        self._timers.add(timer)

    async def _rehearse(self) -> None:
        """So that the first call after a start is shown as fast as the next ones."""
        try:
            await self._db.read(compile_all)
            await self._db.read_in_all(rehearse)
        except Transient as error:
            log.warning("rehearsal_left_out", reason=str(error))

    async def _ask_registered(self) -> None:
        while True:
            try:
                self.states.set_registered(await self._control.find_registered())
                wait = REGISTERED_SECONDS
            except PbxError as error:
                log.info("registered_unknown", reason=str(error))
                self.states.set_registered(frozenset())
                wait = 1.0
            await asyncio.sleep(wait)

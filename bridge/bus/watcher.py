"""The side of the bus where the calls of one Asterisk are watched: answers the desks of other processes."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec

from bridge.bus import telephony as wire
from bridge.bus.seen_states import SeenStates
from bridge.domain.ids import new_id
from bridge.domain.live import LiveMessage, topic_of_agent
from bridge.domain.ports import Bus, Subject
from bridge.errors import Conflict, OmnilineError
from bridge.flows.telephony import OpenDesk, Telephony


class Watcher:
    """`emit` is for whoever watches; `run` answers by what `telephony` says, until it is cancelled."""

    def __init__(self, bus: Bus, pbx: str) -> None:
        self._bus = bus
        self._pbx = pbx
        self._run_id = new_id()
        self._telephony: Telephony | None = None
        self._desks: dict[str, dict[str, OpenDesk]] = {}
        """By process and desk."""
        self._states = SeenStates()
        self._heard: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def emit(self, topics: tuple[str, ...], message: LiveMessage) -> int:
        """Implements `Emit`: the answer counts the desks of the agents among the topics."""
        self._states.note(self._pbx, message)
        self._bus.tell(Subject.LIVE, wire.encode(wire.Shout(self._pbx, topics, message)))
        desks = [desk for process in self._desks.values() for desk in process.values()]
        return sum(topic_of_agent(desk.agent.id) in topics for desk in desks)

    async def run(self, telephony: Telephony) -> None:
        self._telephony = telephony
        self._bus.follow(Subject.DESKS, self._take)
        while True:
            self._say(wire.WatcherAlive(self._pbx, self._run_id, self._states.at(self._pbx)))
            for process, heard in list(self._heard.items()):
                if time.monotonic() - heard > wire.FORGOTTEN_SECONDS:
                    self._forget(process)
            await asyncio.sleep(wire.ALIVE_SECONDS)

    def _take(self, message: bytes) -> None:
        assert self._telephony is not None
        match told := wire.decode_from_desks(message):
            case wire.Ask(to=to):
                if to in (None, self._pbx):
                    self._answer_soon(self._telephony, told)
            case wire.DeskOpened():
                self._open(self._telephony, told)
            case wire.DeskClosed(process=process, desk=key):
                desk = self._desks.get(process, {}).pop(key, None)
                if desk is not None:
                    self._telephony.close_desk(desk)
            case wire.DesksAlive(process=process, count=count):
                self._heard[process] = time.monotonic()
                if count != len(self._desks.get(process, {})):
                    self._forget(process)
                    self._say(wire.Recount(process))
            case wire.Shown(pop_id=pop_id, agent_id=agent_id):
                self._telephony.take_shown(pop_id, agent_id)
            case wire.WrapUpEnded(agent=agent, call_id=call_id):
                self._telephony.end_wrap_up(agent, call_id)

    def _open(self, telephony: Telephony, opened: wire.DeskOpened) -> None:
        process = self._desks.setdefault(opened.process, {})
        self._heard[opened.process] = time.monotonic()
        messages: list[LiveMessage] = []
        desk = OpenDesk(opened.agent, messages.append, hello=lambda: None)
        before, process[opened.desk] = process.get(opened.desk), desk
        telephony.open_desk(desk)
        if before is not None:
            telephony.close_desk(before)
        self._say(wire.Greeting(self._pbx, opened.process, opened.desk, messages))

    def _forget(self, process: str) -> None:
        """Its desks are gone, or are told of anew."""
        assert self._telephony is not None
        self._heard.pop(process, None)
        for desk in self._desks.pop(process, {}).values():
            self._telephony.close_desk(desk)

    def _answer_soon(self, telephony: Telephony, ask: wire.Ask) -> None:
        # A question never holds up what is told.
        task = asyncio.create_task(self._answer(telephony, ask))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, telephony: Telephony, ask: wire.Ask) -> None:
        try:
            result = await _find_answer(telephony, ask.question)
        except Conflict as error:
            self._say(wire.Answer(ask.id, self._pbx, refused=str(error)))
        except OmnilineError as error:
            self._say(wire.Answer(ask.id, self._pbx, failed=str(error)))
        else:
            self._say(wire.Answer(ask.id, self._pbx, result=msgspec.Raw(wire.encode(result))))

    def _say(self, message: wire.FromWatchers) -> None:
        self._bus.tell(Subject.WATCHERS, wire.encode(message))


async def _find_answer(telephony: Telephony, question: wire.Question) -> Any:  # noqa: PLR0911 - one line per question
    match question:
        case wire.Settle(call_id=call_id):
            return await telephony.settle(call_id)
        case wire.RingForTest(agent=agent):
            return await telephony.ring_for_test(agent)
        case wire.ListRinging(extension=extension):
            return await telephony.list_ringing(extension)
        case wire.FindTicket(token=token):
            return await telephony.find_ticket(token)
        case wire.LookAt(agents=agents):
            return await telephony.look_at(agents)
        case wire.ListQueues():
            return await telephony.list_queues()
        case wire.ReadVitals():
            return await telephony.read_vitals()

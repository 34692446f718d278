"""The side of the bus where the desks are: `Telephony` for a process in which nobody watches the calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from bridge.bus import telephony as wire
from bridge.bus.seen_states import WEIGHT, SeenStates
from bridge.domain.agent import Agent
from bridge.domain.card import ScreenPop
from bridge.domain.ids import new_id
from bridge.domain.live import Emit
from bridge.domain.ports import Bus, Subject
from bridge.errors import Conflict, Transient
from bridge.flows.pop_tokens import PopTicket
from bridge.flows.telephony import AgentLook, OpenDesk, WatchVitals
from pbx.interface import QueueLook, QueueMember


class FarTelephony:
    """Implements `Telephony`: asks whoever watches each Asterisk, and puts together what they answer.

    `emit` reaches the desks of this process.
    """

    def __init__(self, bus: Bus, emit: Emit) -> None:
        self._bus = bus
        self._emit = emit
        self._process = new_id()
        self._desks: dict[str, OpenDesk] = {}
        self._keys: dict[OpenDesk, str] = {}
        self._runs: dict[str, str] = {}
        """By Asterisk, the run of its watcher."""
        self._heard: dict[str, float] = {}
        self._waiting: dict[str, Callable[[wire.Answer], None]] = {}
        self._somebody = asyncio.Event()
        self._states = SeenStates()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        self._bus.follow(Subject.LIVE, self._show)
        self._bus.follow(Subject.WATCHERS, self._take)
        while True:
            self._tell(wire.DesksAlive(self._process, len(self._desks)))
            await asyncio.sleep(wire.ALIVE_SECONDS)

    def open_desk(self, desk: OpenDesk) -> None:
        key = self._keys[desk] = new_id()
        self._desks[key] = desk
        self._tell(wire.DeskOpened(self._process, key, desk.agent))

    def close_desk(self, desk: OpenDesk) -> None:
        key = self._keys.pop(desk)
        del self._desks[key]
        self._tell(wire.DeskClosed(self._process, key))

    def take_shown(self, pop_id: str, agent_id: str) -> None:
        self._tell(wire.Shown(pop_id, agent_id))

    def end_wrap_up(self, agent: Agent, call_id: str) -> None:
        self._tell(wire.WrapUpEnded(agent, call_id))

    async def settle(self, call_id: str) -> None:
        with suppress(Transient):  # then the store knows all that can be known
            await self._ask(wire.Settle(call_id))

    async def ring_for_test(self, agent: Agent) -> None:
        looks = await self._ask(wire.LookAt([agent]))
        # Asked once: of those, the one at which the phone is registered.
        at = next((pbx for pbx, look in looks.items() if look[agent.id].registered), None)
        if at is None:
            raise Conflict("this phone is not registered: nothing would ring")
        await self._ask(wire.RingForTest(agent), at)

    async def list_ringing(self, extension: str) -> list[ScreenPop]:
        answers = await self._ask(wire.ListRinging(extension))
        return [pop for pops in answers.values() for pop in pops]

    async def find_ticket(self, token: str) -> PopTicket | None:
        answers = await self._ask(wire.FindTicket(token))
        return next((ticket for ticket in answers.values() if ticket is not None), None)

    async def look_at(self, agents: Sequence[Agent]) -> dict[str, AgentLook]:
        answers = await self._ask(wire.LookAt(list(agents)))
        return {agent.id: _merged([looks[agent.id] for looks in answers.values()]) for agent in agents}

    async def list_queues(self) -> Sequence[QueueLook]:
        answers: dict[str, list[QueueLook]] = await self._ask(wire.ListQueues())
        looks: dict[str, list[QueueLook]] = {}
        for look in (look for each in answers.values() for look in each):
            looks.setdefault(look.name, []).append(look)
        return [_joined(looks[name]) for name in sorted(looks)]

    async def read_vitals(self) -> WatchVitals:
        answers: dict[str, WatchVitals] = await self._ask(wire.ReadVitals())
        every = list(answers.values())
        lags = [vitals.ami_lag_ms for vitals in every if vitals.ami_lag_ms is not None]
        return WatchVitals(
            asterisk=every[0].asterisk,
            ami_lag_ms=max(lags, default=None),
            waiting_news=sum(vitals.waiting_news for vitals in every),
            waiting_writes=sum(vitals.waiting_writes for vitals in every),
            calls_open=sum(vitals.calls_open for vitals in every),
            missing={
                part: f"{pbx}: {said}"
                for pbx, vitals in answers.items()
                for part, said in vitals.missing.items()
            },
        )

    async def _ask(self, question: wire.Question, to: str | None = None) -> dict[str, Any]:
        """What each Asterisk's watcher answers, by its name. Those who are silent are left out.

        Raises Conflict when one refuses, Transient when nobody answers in time.
        """
        ask = wire.Ask(new_id(), question, to)
        answers: dict[str, wire.Answer] = {}
        more = asyncio.Event()

        def take(answer: wire.Answer) -> None:
            answers[answer.pbx] = answer
            more.set()

        self._waiting[ask.id] = take
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(wire.ANSWER_SECONDS):
                    await self._somebody.wait()
                    self._tell(ask)
                    while not self._watchers(to) <= answers.keys():
                        more.clear()
                        await more.wait()
        finally:
            del self._waiting[ask.id]
        return _read_answers(question, answers)

    def _watchers(self, to: str | None) -> set[str]:
        """Whose answers are waited for."""
        if to is not None:
            return {to}
        return self._alive() or {""}

    def _alive(self) -> set[str]:
        now = time.monotonic()
        return {pbx for pbx, heard in self._heard.items() if now - heard < wire.FORGOTTEN_SECONDS}

    def _take(self, message: bytes) -> None:
        match told := wire.decode_from_watchers(message):
            case wire.Answer():
                if told.id in self._waiting:
                    self._waiting[told.id](told)
            case wire.Greeting(process=self._process):
                if (desk := self._desks.get(told.desk)) is not None:
                    for each in told.messages:
                        desk.say(self._states.across(each, self._alive()))
            case wire.WatcherAlive():
                self._note_alive(told)
            case wire.Recount(process=self._process):
                self._tell_of_all()

    def _note_alive(self, told: wire.WatcherAlive) -> None:
        self._heard[told.pbx] = time.monotonic()
        self._states.replace(told.pbx, told.states)
        self._somebody.set()
        if self._runs.get(told.pbx) != told.run:
            self._runs[told.pbx] = told.run
            self._tell_of_all()

    def _tell_of_all(self) -> None:
        """What rang may ring no longer: each desk is greeted as one that has just connected."""
        for key, desk in self._desks.items():
            desk.hello()
            self._tell(wire.DeskOpened(self._process, key, desk.agent))

    def _show(self, message: bytes) -> None:
        shout = wire.decode_shout(message)
        self._states.note(shout.pbx, shout.message)
        self._emit(shout.topics, self._states.across(shout.message, self._alive()))

    def _tell(self, message: wire.FromDesks) -> None:
        self._bus.tell(Subject.DESKS, wire.encode(message))


def _read_answers(question: wire.Question, answers: dict[str, wire.Answer]) -> dict[str, Any]:
    for answer in answers.values():
        if answer.refused:
            raise Conflict(answer.refused)
    told = {pbx: answer for pbx, answer in answers.items() if not answer.failed}
    if not told:
        failed = next(iter(answers.values()), None)
        raise Transient(failed.failed if failed else "nobody watches the calls at this moment")
    kind = wire.ANSWERS[type(question)]
    return {pbx: msgspec.json.decode(answer.result, type=kind) for pbx, answer in told.items()}


def _joined(looks: list[QueueLook]) -> QueueLook:
    """A queue that there is on several Asterisks. An agent is paused where the phone is."""
    members: dict[str, QueueMember] = {}
    for member in (member for look in looks for member in look.members):
        if member.paused or member.extension not in members:
            members[member.extension] = member
    waiting = sorted((each for look in looks for each in look.waiting), key=lambda each: each.since)
    return QueueLook(looks[0].name, tuple(waiting), tuple(members[at] for at in sorted(members)))


def _merged(looks: list[AgentLook]) -> AgentLook:
    most = max(looks, key=lambda look: WEIGHT.index(look.state))
    return AgentLook(most.state, most.call_id, any(look.registered for look in looks))

"""The AMI link while it breaks in every way: no call twice, no ghost, none lost that was ever on the wire whole."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from pbx.ami.client import AmiAccount, AmiClient
from pbx.ami.tracker import Tracker
from pbx.interface import Call, CallEnded, CallEvent, CallStarted, Outcome
from tests.e2e.harness import eventually
from tests.fakes.ami_server import SECRET, USER, AmiServer
from tests.fakes.ami_transcript import RecordingSink
from tests.fakes.exchange import Exchange

pytestmark = pytest.mark.fault

STEPS = 60


@dataclass
class WatchedExchange(Exchange):
    """With what a sink was told of it."""

    sink: RecordingSink = field(default_factory=RecordingSink)

    async def settled(self) -> None:
        """What is known to be open is what lives; nothing began or ended twice."""

        async def agree() -> bool:
            return {key for key, call in self.sink.calls.items() if call.ended_at is None} == set(self.live)

        await eventually(agree, what="the open calls are those that live")
        for kind in (CallStarted, CallEnded):
            told = Counter(event.linkedid for event in self.sink.of(kind))
            assert set(told.values()) <= {1}, kind
            assert set(told) <= set(self.begun)
        ended = {event.linkedid for event in self.sink.of(CallEnded)}
        assert ended == set(self.sink.calls) - set(self.live)


@asynccontextmanager
async def exchange(chance: random.Random, patience: float = 60.0) -> AsyncIterator[WatchedExchange]:
    async with AmiServer() as server:
        pbx = WatchedExchange(server, chance)
        account = AmiAccount("127.0.0.1", server.port, USER, SECRET)
        client = AmiClient(account, patience=patience, ping_every=0.2)
        tracker = Tracker("pbx1", pbx.sink)
        tasks = [asyncio.create_task(client.run()), asyncio.create_task(tracker.run(client.news))]
        try:

            async def connected() -> bool:
                return client.is_connected

            await eventually(connected)
            yield pbx
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def reset(pbx: Exchange) -> None:
    pbx.server.reset()


def half_open(pbx: Exchange) -> None:
    """Nothing comes any more, and nobody says so; a new link works."""
    pbx.server.forget()


@pytest.mark.parametrize("cut", [reset, half_open])
async def test_a_link_that_breaks_leaves_no_ghost_and_no_double(
    chance: random.Random, cut: Callable[[Exchange], None]
) -> None:
    async with exchange(chance, patience=0.5) as pbx:
        moments = set(chance.sample(range(STEPS), 2))
        for step in range(STEPS):
            await pbx.step()
            if step in moments:
                cut(pbx)
            await asyncio.sleep(chance.random() * 0.02)
        await pbx.settled()
        # What lived at the end was known or is known now, and what ended unwatched is said to have.
        assert set(pbx.live) <= set(pbx.sink.calls)
        assert pbx.sink.gaps
        for gap in pbx.sink.gaps:
            assert gap.since <= gap.until
        outcomes = {call.outcome for call in pbx.sink.calls.values() if call.ended_at}
        assert outcomes <= {Outcome.UNKNOWN, Outcome.ABANDONED, Outcome.FAILED, Outcome.NO_ANSWER}


async def test_a_link_cut_inside_a_letter_repairs_the_call_it_told_of(chance: random.Random) -> None:
    async with exchange(chance) as pbx:
        for _ in range(chance.randrange(10)):
            await pbx.step()
        message = pbx.begin()
        letters = [n for n, byte in enumerate(message) if byte >= 0xC0]
        await pbx.server.write(message[: chance.choice(letters) + 1])
        pbx.server.reset()
        await pbx.step()
        await pbx.settled()
        assert set(pbx.live) <= set(pbx.sink.calls)


async def test_a_link_of_a_few_bytes_at_a_time_loses_nothing(chance: random.Random) -> None:
    async with exchange(chance) as pbx:
        pbx.server.chunk = chance.randrange(1, 9)
        pbx.server.pace = 0.0
        for _ in range(STEPS):
            await pbx.step()
        await pbx.settled()
        assert set(pbx.sink.calls) == set(pbx.begun)
        assert pbx.sink.gaps == []
        assert Outcome.UNKNOWN not in {call.outcome for call in pbx.sink.calls.values()}


async def test_a_handler_that_stalls_loses_nothing_and_changes_no_order(
    chance: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop itself is held up, as by a handler of ours that computes for a second: the events wait on the wire."""
    async with exchange(chance) as pbx:
        stalls = set(chance.sample(range(1, 20), 3))
        told = pbx.sink.accept

        def accept(call: Call, events: Sequence[CallEvent]) -> None:
            told(call, events)
            if len(pbx.sink.calls) in stalls:
                stalls.discard(len(pbx.sink.calls))
                time.sleep(chance.uniform(0.3, 1.0))

        monkeypatch.setattr(pbx.sink, "accept", accept)
        while len(pbx.begun) < STEPS // 2:
            await pbx.step()
        await pbx.settled()
        assert [event.linkedid for event in pbx.sink.of(CallStarted)] == pbx.begun
        assert pbx.sink.gaps == []
        assert not stalls

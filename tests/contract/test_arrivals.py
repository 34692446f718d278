"""What arrives: kept once before it is answered for, and made entries of once, wherever a process dies."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import Connection, func, select

from bridge.bus.memory import MemoryBus
from bridge.domain.live import EVERYONE
from bridge.domain.ports import Subject
from bridge.domain.times import utc_now
from bridge.domain.topic import Group
from bridge.errors import InvalidInput
from bridge.flows.receive_arrival import ReceiveArrival
from bridge.store import arrivals, dead_letters, feed, inboxes
from bridge.store.arrivals import Arrival
from bridge.store.engine import Database
from bridge.store.schema import arrival as arrival_table
from bridge.store.schema import feed as feed_table
from tests.contract.desk_server import Clock, eventually
from tests.contract.test_outbox import consuming


async def understand(arrival: Arrival) -> str:
    """The tiny channel: its messages are JSON strings."""
    try:
        return msgspec.json.decode(arrival.body, type=str)
    except msgspec.DecodeError as error:
        raise InvalidInput("no JSON string", where="body") from error


def receive(connection: Connection, arrival: Arrival, said: str) -> None:
    feed.append(connection, "said", EVERYONE, said, arrival.arrived_at)


def list_said(connection: Connection) -> list[str]:
    return list(connection.scalars(select(feed_table.c.data).where(feed_table.c.type == "said")))


@pytest.fixture
async def inbox_id(db: Database) -> str:
    return (await db.write(inboxes.resolve_inbox, "tiny", "one")).id


@pytest.mark.fault
async def test_shuffled_and_repeated_ten_times_each_is_received_once(
    db: Database, inbox_id: str, chance: random.Random
) -> None:
    sent = [f"message {number}" for number in range(50)]
    arriving = sent * 10
    chance.shuffle(arriving)
    kept = await asyncio.gather(
        *(
            db.write(arrivals.keep, inbox_id, words, msgspec.json.encode(words), utc_now())
            for words in arriving
        )
    )
    assert sum(kept) == len(sent)
    told: list[bytes] = []
    bus = MemoryBus()
    bus.follow(Subject.FEED, told.append)
    flow = ReceiveArrival(db, {"tiny": (understand, receive)}, lambda: bus.tell(Subject.FEED))
    async with consuming(db, flow, Clock(), bus, Group.RECEIVER) as consumer:
        await eventually(lambda: len(told) == len(sent))
        await eventually(lambda: consumer.waiting == 0)
    assert sorted(await db.read(list_said)) == sorted(sent)


async def test_the_same_key_in_another_inbox_is_another_arrival(db: Database, inbox_id: str) -> None:
    other = (await db.write(inboxes.resolve_inbox, "tiny", "other")).id
    for inbox in (inbox_id, other):
        assert await db.write(arrivals.keep, inbox, "1", b'"a"', utc_now())


@pytest.mark.parametrize("channel", ["tiny", "unknown"])
async def test_what_is_not_understood_stays_and_is_a_dead_letter(
    db: Database, inbox_id: str, channel: str
) -> None:
    inbox = (await db.write(inboxes.resolve_inbox, channel, "bad")).id
    await db.write(arrivals.keep, inbox, "bad", b"\xff{", utc_now())
    await db.write(arrivals.keep, inbox_id, "good", b'"good"', utc_now())
    clock = Clock()
    flow = ReceiveArrival(db, {"tiny": (understand, receive)}, lambda: None)
    async with consuming(db, flow, clock, group=Group.RECEIVER) as consumer:

        async def given_up() -> bool:
            clock.ahead += timedelta(seconds=1)
            return consumer.dead == 1

        await eventually(given_up)
    [letter], _ = await db.read(dead_letters.list_letters, limit=10)
    assert (await db.read(arrivals.get_arrival, letter.key)).body == b"\xff{"
    assert await db.read(list_said) == ["good"]


async def test_an_arrival_and_its_work_are_kept_together(db: Database, inbox_id: str) -> None:
    def fail(connection: Connection) -> None:
        arrivals.keep(connection, inbox_id, "1", b"", utc_now())
        raise ValueError("died")

    with pytest.raises(ValueError, match="died"):
        await db.write(fail)
    assert await db.read(lambda c: c.scalar(select(func.count()).select_from(arrival_table))) == 0

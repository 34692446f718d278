"""A lease that is held: one has it, another when that one is gone, and who was only asleep writes nothing any more."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from bridge.bus import held_lease
from bridge.bus.held_lease import HeldLease, LeaseLost
from bridge.domain.live import EVERYONE
from bridge.domain.times import utc_now
from bridge.flows.ordered_writer import OrderedWriter, Write
from bridge.store import feed
from bridge.store.engine import Database
from tests.contract.desk_server import Clock, eventually


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_lease, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(held_lease, "RENEW_SECONDS", 0.01)


async def test_one_has_it_and_the_next_when_it_is_released_or_silent(db: Database) -> None:
    clock, looks = Clock(), Counter[str]()
    clock.stop()

    def held(who: str) -> HeldLease:
        def look() -> datetime:
            looks[who] += 1
            return clock()

        return HeldLease(db, "ami:pbx1", look)

    first, second, third = held("first"), held("second"), held("third")
    await first.wait()
    await asyncio.wait_for(HeldLease(db, "ami:pbx2", clock).wait(), 30)
    standing_by = asyncio.create_task(second.wait())
    keeping = asyncio.create_task(first.keep())
    for lengths in (0.5, 1.2):
        clock.ahead = held_lease.LENGTH * lengths
        looks.clear()
        # Of three looks, two have been answered.
        await eventually(lambda: looks["first"] > 2 and looks["second"] > 2)
    assert not standing_by.done()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await first.release()
    await asyncio.wait_for(standing_by, 30)
    clock.ahead += held_lease.LENGTH + timedelta(seconds=1)
    await asyncio.wait_for(third.wait(), 30)
    with pytest.raises(LeaseLost):
        await asyncio.wait_for(second.keep(), 30)


async def test_who_slept_while_another_took_over_writes_nothing(db: Database) -> None:
    clock = Clock()
    clock.stop()
    sleeper, other = (HeldLease(db, "ami:pbx1", clock) for _ in range(2))
    await sleeper.wait()
    writer = OrderedWriter(db, lambda: None, sleeper.fence)
    writer.start()

    def tell(what: str) -> Write:
        def work(connection: Connection) -> None:
            feed.append(connection, "happened", EVERYONE, what, utc_now())

        return Write(work, what, "")

    writer.put(tell("before"))
    await writer.drain()
    clock.ahead = held_lease.LENGTH + timedelta(seconds=1)
    await other.wait()
    writer.put(tell("after"))
    await writer.drain()
    await writer.close()
    await db.write(feed.number_rows)
    assert [row.data for row in await db.read(feed.read_after, 0, 10)] == ["before"]

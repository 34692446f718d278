"""A lease that is held: one has it, another when that one is gone, and who was only asleep writes nothing any more."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bridge.bus import held_lease
from bridge.bus.held_lease import HeldLease, LeaseLost
from bridge.domain.live import EVERYONE
from bridge.domain.times import utc_now
from bridge.flows.ordered_writer import OrderedWriter, Write
from bridge.store import feed
from bridge.store.engine import Database
from tests.contract.desk_server import Clock


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_lease, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(held_lease, "RENEW_SECONDS", 0.01)


async def test_one_has_it_and_the_next_when_it_is_released_or_silent(db: Database) -> None:
    clock = Clock()
    first, second, third = (HeldLease(db, "ami:pbx1", clock) for _ in range(3))
    await first.wait()
    await asyncio.wait_for(HeldLease(db, "ami:pbx2", clock).wait(), 1)
    standing_by = asyncio.create_task(second.wait())
    keeping = asyncio.create_task(first.keep())
    clock.ahead = held_lease.LENGTH / 2
    await asyncio.sleep(0.1)
    clock.ahead = held_lease.LENGTH * 1.2
    await asyncio.sleep(0.1)
    assert not standing_by.done()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await first.release()
    await asyncio.wait_for(standing_by, 1)
    clock.ahead += held_lease.LENGTH + timedelta(seconds=1)
    await asyncio.wait_for(third.wait(), 1)
    with pytest.raises(LeaseLost):
        await asyncio.wait_for(second.keep(), 1)


async def test_who_slept_while_another_took_over_writes_nothing(db: Database) -> None:
    clock = Clock()
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

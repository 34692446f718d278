"""Whether anybody is at a desk, told between processes."""

from __future__ import annotations

import asyncio

from bridge.bus.memory import MemoryBus
from bridge.bus.open_desks import FORGOTTEN_SECONDS, OpenDesks


async def test_a_desk_of_another_process_counts_until_it_closes_or_its_process_is_gone() -> None:
    bus, now, here, there = MemoryBus(), [0.0], [0], [1]
    front = OpenDesks(bus, lambda: here[0], lambda: now[0])
    other = OpenDesks(bus, lambda: there[0], lambda: now[0])
    assert not front.is_anybody_there()
    assert other.is_anybody_there()

    async def say() -> None:
        task = asyncio.create_task(other.run())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    await say()
    assert front.is_anybody_there()
    now[0] += FORGOTTEN_SECONDS
    assert not front.is_anybody_there()
    await say()
    assert front.is_anybody_there()
    there[0] = 0
    await say()
    assert not front.is_anybody_there()
    here[0] = 1
    assert front.is_anybody_there()

"""A handler that blocks the loop is named while it does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from bridge.watchdog import BEAT_SECONDS, Watchdog
from tests.e2e.harness import eventually


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    watchdog = Watchdog()
    yield watchdog
    watchdog.stop()


def a_handler_that_blocks(watchdog: Watchdog, named: list[int]) -> None:
    """Until it is named, and longer."""
    deadline = time.monotonic() + 30
    while not watchdog.stalls and time.monotonic() < deadline:
        time.sleep(0.01)
    named.append(watchdog.stalls)
    time.sleep(10 * BEAT_SECONDS)


async def test_what_blocks_the_loop_is_named_once_for_each_stall(watchdog: Watchdog) -> None:
    named: list[int] = []
    with capture_logs() as logs:
        watchdog.start()
        await asyncio.sleep(0.1)
        asyncio.get_running_loop().call_soon(a_handler_that_blocks, watchdog, named)

        async def stalled() -> bool:
            return watchdog.stalls == 1

        await eventually(stalled)
    (line,) = logs
    assert (line["event"], line["log_level"]) == ("loop_blocked", "error")
    assert named == [1], "said while it lasts"
    assert f"{__name__}.a_handler_that_blocks" in line["where"][0]


async def test_a_loop_that_runs_is_left_alone(watchdog: Watchdog) -> None:
    with capture_logs() as logs:
        watchdog.start()
        for _ in range(50):
            await asyncio.sleep(0.01)
    assert logs == []

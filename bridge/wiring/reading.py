"""Reading what arrives: quick channels on the loop, slow ones in a process of their own, which may die of what it reads."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final

from bridge.domain.message import Told
from bridge.domain.ports import Channel, ReadsSlowly
from bridge.errors import InvalidInput
from bridge.flows.keep_files import keep_files
from bridge.flows.receive_arrival import Understand
from bridge.store.arrivals import Arrival

WORKERS: Final = 1
TASKS_EACH: Final = 5_000
"""So that what strangers' bytes leave behind in a process ends with it, and starting the next costs each hardly anything."""
NICENESS: Final = 10
"""It gives way to the server and to who asks for callers, with whom it shares a session; Asterisk has one of its own."""
SECONDS: Final = 120.0


class Reader:
    """`attachments` is the folder that files are kept in. The process is started with the first that needs it."""

    def __init__(self, attachments: Path) -> None:
        self._attachments = attachments
        self._pool: ProcessPoolExecutor | None = None

    def understanding(self, channel: Channel) -> Understand:
        """Raises InvalidInput for what the channel cannot make out, and for what its process died of."""
        if isinstance(channel, ReadsSlowly):
            return lambda arrival: self._read_elsewhere(channel, arrival)
        return lambda arrival: self._read_here(channel, arrival)

    async def close(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    async def _read_here(self, channel: Channel, arrival: Arrival) -> list[Told]:
        told = channel.read(arrival.body, arrival.inbox_key, arrival.arrived_at)
        return await asyncio.to_thread(keep_files, self._attachments, told)

    async def _read_elsewhere(self, channel: Channel, arrival: Arrival) -> list[Told]:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(
                WORKERS, context, initializer=_begin, max_tasks_per_child=TASKS_EACH
            )
        pool, loop = self._pool, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(SECONDS):
                return await loop.run_in_executor(pool, _read_and_keep, channel, arrival, self._attachments)
        except (BrokenProcessPool, TimeoutError) as error:
            self._drop(pool)
            raise InvalidInput("reading it took too long, or ended the process that read it") from error

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:
            self._pool = None
        pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    os.nice(NICENESS)
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()


def _end_with_parent() -> None:
    """Who waits for work holds an end of the queue's pipe as well, and so would not notice that we were killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _read_and_keep(channel: Channel, arrival: Arrival, folder: Path) -> list[Told]:
    return keep_files(folder, channel.read(arrival.body, arrival.inbox_key, arrival.arrived_at))

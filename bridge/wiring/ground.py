"""What every part of Omniline stands on, whichever of them share a process: the home, its database, the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from bridge.bus.memory import MemoryBus
from bridge.desk.metrics import Metrics
from bridge.domain.agent import Agent
from bridge.domain.ports import Bus, Subject
from bridge.secrets import Secrets, load_or_make
from bridge.settings import Settings, database_url
from bridge.store import agents
from bridge.store.engine import Database
from bridge.store.migrations import upgrade
from bridge.watchdog import Watchdog
from pbx.asterisk.keeper import AsteriskKeeper

LOOPBACK: Final = "127.0.0.1"


class Ground:
    """`say` tells the person at the terminal. What is on `stack` is closed at the end, the last first."""

    def __init__(self, home: Path, settings: Settings, say: Callable[[str], None]) -> None:
        """Raises InvalidInput for a wrong `bus.url`."""
        self.home = home
        self.settings = settings
        self.say = say
        self.stack = AsyncExitStack()
        self.db = Database(database_url(home, settings))
        self.bus = _make_bus(settings)
        self.metrics = Metrics()
        self.watchdog = Watchdog()
        self.keeper: AsteriskKeeper | None = None
        """Of the Asterisk that this process keeps."""
        self.secrets: Secrets
        self.people: list[Agent]
        self._broken: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def recordings(self) -> Path:
        return self.home / "recordings"

    @property
    def attachments(self) -> Path:
        return self.home / "attachments"

    async def open(self) -> None:
        """Bring the database to this release and open it; read who works here."""
        await asyncio.to_thread(upgrade, database_url(self.home, self.settings))
        await self.db.open()
        self.stack.push_async_callback(self.db.close)
        self.people = await self.db.read(agents.list_agents)
        extensions = tuple(agent.extension for agent in self.people if agent.extension)
        self.secrets = load_or_make(self.home, extensions)
        self.run(self.bus.run(), "bus")

    def watch_loop(self) -> None:
        """From now on whoever blocks the loop is named: not what is loaded at the start."""
        self.watchdog.start()
        self.stack.callback(self.watchdog.stop)

    def run(self, work: Coroutine[None, None, None], name: str) -> None:
        """Runs for as long as the process; one that ends breaks it."""

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and not self._broken.done():
                self._broken.set_result(f"{name} ended: {task.exception()}")

        task = asyncio.create_task(work, name=name)
        task.add_done_callback(ended)
        self.stack.push_async_callback(_cancel, task)

    async def wait_broken(self) -> str:
        """Waits for what cannot be mended while running, and says what it was."""
        return await self._broken

    def committed(self) -> None:
        """Something was committed that others may wait for."""
        self.bus.tell(Subject.FEED)
        self.bus.tell(Subject.WORK)


def _make_bus(settings: Settings) -> Bus:
    if settings.bus.url == Settings().bus.url:
        return MemoryBus()
    from bridge.bus.redis import RedisBus  # its client is loaded by those only who have one

    return RedisBus(settings.bus.url)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

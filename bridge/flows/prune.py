"""What is not needed any more goes, after the times of the settings: raw bodies that are understood, unsent uploads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from bridge.errors import Transient
from bridge.flows.keep_file import forget_file
from bridge.settings import Retention
from bridge.store import prunings
from bridge.store.engine import Database

EVERY_SECONDS: Final = 3600.0
AT_ONCE: Final = 200
"""Rows in one transaction."""

log = structlog.get_logger()


class Prune:
    """Looks again and again. Several processes may. `attachments` is the folder of files."""

    def __init__(
        self, db: Database, attachments: Path, retention: Retention, clock: Callable[[], datetime]
    ) -> None:
        self._db = db
        self._attachments = attachments
        self._retention = retention
        self._clock = clock
        self._behind = prunings.FIRST

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            try:
                await self()
            except Transient as error:
                log.warning("pruning_waits", reason=str(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def __call__(self) -> None:
        """All that is old enough now. Raises Transient."""
        await self._empty_arrivals(self._clock() - timedelta(days=self._retention.arrivals_days))
        await self._drop_uploads(self._clock() - timedelta(days=self._retention.uploads_days))

    async def _empty_arrivals(self, before: datetime) -> None:
        behind: str | None = self._behind
        # Only what lies behind the first one that is still work is looked at once more the next time.
        is_settled = True
        while behind is not None:
            stretch = await self._db.read(prunings.walk, behind, before, AT_ONCE)
            if stretch.ids:
                await self._db.write(prunings.empty, stretch.ids)
                log.info("arrivals_emptied", count=len(stretch.ids))
            is_settled = is_settled and stretch.settled
            behind = stretch.behind
            if is_settled and behind is not None:
                self._behind = behind

    async def _drop_uploads(self, before: datetime) -> None:
        while dropped := await self._db.write(prunings.drop_uploads, before, AT_ONCE):
            for sha256 in set(dropped):
                if not await self._db.read(prunings.is_named, sha256):
                    await asyncio.to_thread(forget_file, self._attachments, sha256, before)
            log.info("uploads_dropped", count=len(dropped))

"""A provider that cannot reach us is asked for its news, again and again: kept as what comes by a webhook is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from bridge.domain.ports import Polls
from bridge.errors import AnswerLost, OmnilineError, RateLimited, Rejected, Transient
from bridge.store import arrivals
from bridge.store.engine import Database

SHORTEST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0

log = structlog.get_logger()


class PollInbox:
    """`committed` is called after each arrival that is kept."""

    def __init__(
        self,
        db: Database,
        inbox_id: str,
        channel: Polls,
        token: str,
        committed: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._inbox_id = inbox_id
        self._channel = channel
        self._token = token
        self._committed = committed
        self._clock = clock
        self._after = ""
        """What is kept for certain: the provider forgets no more than that."""

    async def run(self) -> None:
        """Runs until it is cancelled. Only one may for an inbox, since each takes the news from the others."""
        pause = SHORTEST_PAUSE
        while True:
            try:
                await self._poll()
                pause = SHORTEST_PAUSE
            except RateLimited as error:
                await asyncio.sleep(error.retry_after)
            except (Transient, AnswerLost, Rejected) as error:
                self._say(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _poll(self) -> None:
        for news in await self._channel.poll(self._token, self._after):
            now = self._clock()
            if await self._db.write(arrivals.keep, self._inbox_id, news.key, news.body, now):
                self._committed()
            self._after = news.key

    def _say(self, error: OmnilineError) -> None:
        log.warning("poll_failed", inbox_id=self._inbox_id, reason=str(error))

"""A provider that cannot reach us is asked for its news, again and again: kept as what comes by a webhook is."""

from __future__ import annotations

import asyncio
from typing import Final

from bridge.domain.ports import Intake, Polls
from bridge.errors import AnswerLost, RateLimited, Rejected, Transient

SHORTEST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0


class PollInbox:
    """`token` is the inbox's."""

    def __init__(self, channel: Polls, token: str, intake: Intake) -> None:
        self._channel = channel
        self._token = token
        self._intake = intake

    async def run(self) -> None:
        """Runs until it is cancelled. Only one may for an inbox, since each takes the news from the others."""
        pause, fault = SHORTEST_PAUSE, ""
        while True:
            try:
                await self._poll()
                fault = await self._report("", fault)
                pause = SHORTEST_PAUSE
            except RateLimited as error:
                await asyncio.sleep(error.retry_after)
            except (Transient, AnswerLost, Rejected) as error:
                fault = await self._report(str(error), fault)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _poll(self) -> None:
        """The provider forgets what is kept for certain, and no more than that."""
        news = await self._channel.poll(self._token, await self._intake.get_cursor())
        if news:
            await self._intake.keep(news, news[-1][0])

    async def _report(self, fault: str, before: str) -> str:
        """What is known to be wrong with the inbox then; nothing new while the database is away."""
        if fault == before:
            return before
        try:
            await self._intake.report(fault)
        except Transient:
            return before
        return fault

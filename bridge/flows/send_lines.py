"""The rung for phones that show SIP messages: who calls, and the last three things that were between us, as a text.

It goes out beside the ring and holds up nothing. Asterisk does not say whether a phone took it: one that refuses gets
it all the same until its profile says otherwise.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from bridge.domain.card import Card, ScreenPop
from bridge.domain.catalogue import say
from bridge.domain.entry import Entry, EntryKind
from bridge.domain.phone import Rung, phone_rungs
from bridge.flows.roster import Roster
from bridge.settings import Settings
from pbx.errors import PbxError
from pbx.interface import TEST_CALLER, CallControl

LINES: Final = 3
LONGEST_LINE: Final = 70

log = structlog.get_logger()


class SendLines:
    def __init__(self, control: CallControl, roster: Roster, settings: Settings) -> None:
        self._control = control
        self._roster = roster
        self._settings = settings
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, pop: ScreenPop) -> None:
        """Never waits; nothing for a customer of whom nothing is known."""
        if Rung.MESSAGE not in phone_rungs(self._settings, pop.extension).rungs:
            return
        agent = self._roster.find_at(pop.extension)
        lines = lines_of(pop.card, agent.language if agent else self._settings.company.language)
        if lines:
            task = asyncio.create_task(self._send(pop, "\n".join(lines)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, pop: ScreenPop, text: str) -> None:
        try:
            await self._control.send_text(pop.extension, text)
        except PbxError as error:
            log.info("text_not_sent", call_id=pop.call_id, extension=pop.extension, reason=str(error))


def lines_of(card: Card, language: str) -> list[str]:
    """The name, and the newest three entries, each on one line of at most 70 characters; examples on a test call."""
    if card.colleague is not None and card.colleague.extension == TEST_CALLER:
        return [card.colleague.name, *(say(f"test_line.{n}", language) for n in range(1, LINES + 1))]
    if card.customer is None:
        return []
    history = [_line_of(entry, language) for entry in card.recent if not entry.redacted]
    return [_cut(line) for line in (card.customer.name, *history[:LINES]) if line]


def _line_of(entry: Entry, language: str) -> str:
    """ "21.11 e-mail: Where is my parcel?"."""
    year, month, day = entry.at[:10].split("-")
    channel = entry.channel if entry.kind is EntryKind.MESSAGE else entry.kind.value
    what = say(f"line.{channel}", language) if f"line.{channel}" in _KNOWN else channel or ""
    told = entry.text or str(entry.payload.get("order") or "")
    return f"{day}.{month}.{year[2:]} {what}" + (f": {told}" if told else "")


_KNOWN: Final = frozenset(
    f"line.{name}"
    for name in ("phone", "email", "chat", "sms", "call", "transcript", "note", "order", "promise")
)


def _cut(line: str) -> str:
    line = " ".join(line.split())
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"

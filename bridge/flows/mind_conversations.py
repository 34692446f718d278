"""Nobody is forgotten: who waits has a time by which we answer, and when that is over the supervisors hear of it.

It is counted in hours that the company works. Who writes while nobody works is told so, once in a conversation. What was
put off is work again when its time has come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from bridge.domain import calendar
from bridge.domain.agent import Role
from bridge.domain.calendar import Calendar
from bridge.domain.catalogue import say
from bridge.domain.live import topic_of_role
from bridge.errors import Transient
from bridge.flows.keep_conversation import tell
from bridge.flows.say_by_itself import say_by_itself
from bridge.store import conversation_work, feed, hours, profiles
from bridge.store.conversation_work import Unminded
from bridge.store.engine import Database

AT_ONCE: Final = 20
"""Conversations of each sort in one transaction."""
NEVER: Final = timedelta(days=365)
"""The promise of a company that never works."""
LOOK_SECONDS: Final = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Promises:
    """How soon we answer at first, and later on; `language` is what is spoken to whom we do not know."""

    first: timedelta
    next: timedelta
    language: str


def mind(connection: Connection, promises: Promises, now: datetime) -> int:
    """Everything that its time has come for; how much that was."""
    woken = conversation_work.list_woken(connection, now, AT_ONCE)
    for each in woken:
        conversation_work.open_again(connection, each)
        tell(connection, each, now)
    unminded = conversation_work.list_unminded(connection, AT_ONCE)
    if unminded:
        hours_of_work = hours.get_calendar(connection)
        for waiting in unminded:
            _promise(connection, waiting, hours_of_work, promises)
            _say_away(connection, waiting, hours_of_work, promises, now)
            tell(connection, waiting.id, now)
    overdue = conversation_work.list_overdue(connection, now, AT_ONCE)
    for each in overdue:
        _escalate(connection, each, now)
    return len(woken) + len(unminded) + len(overdue)


def has_work(connection: Connection, now: datetime) -> bool:
    """Whether `mind` would do anything: reading costs no lock."""
    return bool(
        conversation_work.list_unminded(connection, 1)
        or conversation_work.list_overdue(connection, now, 1)
        or conversation_work.list_woken(connection, now, 1)
    )


def _promise(connection: Connection, waiting: Unminded, when: Calendar, promises: Promises) -> None:
    length = promises.first if waiting.answered_at is None else promises.next
    due_at = calendar.add_open_time(when, waiting.waiting_since, length)
    conversation_work.set_due(connection, waiting.id, due_at or waiting.waiting_since + NEVER)


def _say_away(
    connection: Connection, waiting: Unminded, when: Calendar, promises: Promises, now: datetime
) -> None:
    """Not to a program, which might answer it, nor to where nobody is known, as behind a forged address."""
    rule = next((each for each in hours.list_rules(connection) if each.inbox_id == waiting.inbox_id), None)
    if rule is None or not rule.away or calendar.is_open(when, now):
        return
    if waiting.customer_id is None or conversation_work.is_automatic(connection, waiting.id):
        return
    language = profiles.get_customer(connection, waiting.customer_id).language or promises.language
    text = rule.away_texts.get(language) or say("away", language)
    say_by_itself(connection, waiting.id, text=text, key=f"away/{waiting.id}", at=now)


def _escalate(connection: Connection, conversation_id: str, now: datetime) -> None:
    conversation_work.escalate(connection, conversation_id, now)
    tell(connection, conversation_id, now)
    said = {"code": "overdue", "conversation_id": conversation_id, "by": ""}
    feed.append(connection, "notice", topic_of_role(Role.SUPERVISOR), said, now)
    log.info("conversation_overdue", conversation_id=conversation_id)


class MindConversations:
    """Looks again and again. Several processes may: each thing happens once. `committed` is called after each commit."""

    def __init__(
        self,
        db: Database,
        promises: Promises,
        committed: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._promises = promises
        self._committed = committed
        self._clock = clock

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            try:
                more = await self._db.read(has_work, self._clock())
                while more:
                    more = await self._db.write(mind, self._promises, self._clock()) >= AT_ONCE
                    self._committed()
            except Transient as error:
                log.warning("conversations_wait", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

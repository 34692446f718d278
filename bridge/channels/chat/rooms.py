"""Which visitors are connected, and what they are told while they are: the database says what, the feed when to look."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from bridge.channels.chat import cursor
from bridge.channels.chat.bodies import Update, line_of
from bridge.channels.chat.channel import NAME
from bridge.channels.fronts import FrontNeeds
from bridge.domain.live import AgentTyping
from bridge.domain.ports import Subject
from bridge.errors import RateLimited, Transient
from bridge.store import threads
from bridge.store.feed import FeedRow
from bridge.store.visitors import Visitor

PAGE: Final = 50
MOST_OF_VISITOR: Final = 8
MOST: Final = 5000
LOOK_SECONDS: Final = 5.0
"""So often it is looked whether somebody came or left."""
AWAY_SECONDS: Final = 10.0

log = structlog.get_logger()


class Listener:
    """One connection of a visitor. `known` are the ids of its cursor, `there` is what it was told last."""

    def __init__(self, inbox_id: str, visitor: Visitor, known: tuple[str, ...], there: bool | None) -> None:
        self.inbox_id = inbox_id
        self.visitor = visitor
        self.known = known
        self.there = there
        self.typing = ""
        self.told = asyncio.Event()


class Rooms:
    """All connected visitors of this process, by the thread that they read."""

    def __init__(self, needs: FrontNeeds) -> None:
        self._db = needs.db
        self._company = needs.settings.company.name
        self._is_anybody_there = needs.is_anybody_there
        self._by_thread: dict[str, set[Listener]] = {}
        self._by_visitor: dict[str, int] = {}
        self._news: asyncio.Queue[tuple[str, str]] = asyncio.Queue(maxsize=10_000)
        """Conversations in which something was said, or in which an agent of this name writes."""
        self.is_closing = False
        needs.bus.follow(Subject.TYPING, self._take_typing)

    def __len__(self) -> int:
        return sum(self._by_visitor.values())

    def enter(self, listener: Listener) -> None:
        """Raises RateLimited where there are too many."""
        visitor = listener.visitor
        count = self._by_visitor.get(visitor.id, 0)
        if count >= MOST_OF_VISITOR or len(self) >= MOST:
            raise RateLimited("too many connections", retry_after=AWAY_SECONDS)
        self._by_visitor[visitor.id] = count + 1
        for thread in visitor.threads:
            self._by_thread.setdefault(thread, set()).add(listener)

    def leave(self, listener: Listener) -> None:
        visitor = listener.visitor
        self._by_visitor[visitor.id] -= 1
        if not self._by_visitor[visitor.id]:
            del self._by_visitor[visitor.id]
        for thread in visitor.threads:
            self._by_thread[thread].discard(listener)
            if not self._by_thread[thread]:
                del self._by_thread[thread]

    async def next_update(self, listener: Listener, seconds: float) -> Update | None:
        """What is new for it, waited for as long as `seconds`; None where nothing is."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while True:
            listener.told.clear()
            update = await self._look(listener)
            if update is not None or self.is_closing or loop.time() >= deadline:
                return update
            await self._wait(listener, deadline)

    async def _wait(self, listener: Listener, deadline: float) -> None:
        """Until something was said, somebody came or the last left, or `deadline`."""
        clock = asyncio.get_running_loop().time
        while (left := deadline - clock()) > 0 and self._is_anybody_there() == listener.there:
            try:
                async with asyncio.timeout(min(left, LOOK_SECONDS)):
                    await listener.told.wait()
                    return
            except TimeoutError:
                continue

    async def _look(self, listener: Listener) -> Update | None:
        visitor, known = listener.visitor, listener.known
        since = cursor.start_of(known)
        said = await self._db.read(
            threads.read_since, listener.inbox_id, visitor.threads, since, known, most=PAGE
        )
        there, typing = self._is_anybody_there(), listener.typing
        listener.typing = ""
        if not said and not typing and there == listener.there:
            return None
        listener.known = cursor.advance(known, (each.id for each in said))
        listener.there = there
        lines = [line_of(each, self._company) for each in said]
        return Update(lines=lines, cursor=cursor.text_of(listener.known), there=there, typing=typing)

    def publish(self, rows: Sequence[FeedRow]) -> None:
        if not self._by_thread:
            return
        for row in rows:
            if row.type == "entry" and row.data["channel"] == NAME and row.data["conversation_id"]:
                self._note(row.data["conversation_id"], "")

    async def run(self) -> None:
        while True:
            conversation_id, typing = await self._news.get()
            try:
                found = await self._db.read(threads.find_threads, [conversation_id])
            except Transient as error:
                log.warning("chat_waits", reason=str(error))
                continue
            for thread in found.values():
                for listener in self._by_thread.get(thread, ()):
                    listener.typing = typing or listener.typing
                    listener.told.set()

    def close(self) -> None:
        """Whoever waits waits no longer."""
        self.is_closing = True
        for listeners in self._by_thread.values():
            for listener in listeners:
                listener.told.set()

    def _take_typing(self, message: bytes) -> None:
        if self._by_thread:
            told = msgspec.json.decode(message, type=AgentTyping)
            self._note(told.conversation_id, told.name)

    def _note(self, conversation_id: str, typing: str) -> None:
        """One that finds no room is found by those who wait when they look by themselves."""
        if not self._news.full():
            self._news.put_nowait((conversation_id, typing))

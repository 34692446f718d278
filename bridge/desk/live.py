"""The open desks: who is connected, what each may see, and one bounded queue for each.

A message is serialised and framed once, however many desks get it, and what waits for a desk is written at once: that
is what desks cost during many calls. One that does not read costs at most QUEUE_LIMIT plus the transport's own buffer
(together under 1 MiB) and is cut off within STALL_SECONDS: it comes back with its cursor and misses nothing durable.

Durable messages (rows of `feed`) come with ascending numbers. A desk that connects first reads the rows after its
cursor from the database; what is published meanwhile only marks that there is more to read, so that nothing is
missed and nothing comes twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import structlog
from aiohttp import WSMsgType, web
from aiohttp.abc import AbstractStreamWriter

from bridge.desk.sessions import DeskSession
from bridge.domain.agent import Role
from bridge.domain.ids import new_id
from bridge.domain.live import EVERYONE, LiveMessage, topic_of_agent, topic_of_role
from bridge.domain.times import iso, utc_now
from bridge.flows.telephony import OpenDesk
from bridge.store import feed
from bridge.store.engine import Database

QUEUE_LIMIT: Final = 640 * 1024
WRITER_LIMIT: Final = 64 * 1024
STALL_SECONDS: Final = 4.0
CLOSE_SECONDS: Final = 1.0
PAGE: Final = 200

log = structlog.get_logger()


class DeskClient:
    """One connected browser. `cursor` is the number of the newest durable message it was given."""

    def __init__(
        self, socket: web.WebSocketResponse, writer: AbstractStreamWriter, session: DeskSession
    ) -> None:
        self.session = session
        self.topics = topics_of(session)
        self.cursor = 0
        self.catching_up = True
        self.newest_missed = 0
        self.waiting_since: float | None = None
        self._socket = socket
        self._writer = writer
        assert writer.transport is not None  # it was there when the desk was answered
        self._transport = writer.transport
        self._frames: deque[bytes] = deque()
        self._queued = 0
        self._more = asyncio.Event()

    def offer(self, frame: bytes) -> None:
        """Write a message, or queue it where others wait; a desk whose queue is full is cut off."""
        if self._keeps_up():
            self._transport.write(frame)
            return
        if self._queued + len(frame) > QUEUE_LIMIT:
            self.cut_off("queue_full")
            return
        self._frames.append(frame)
        self._queued += len(frame)
        self._more.set()

    def _keeps_up(self) -> bool:
        """Then waking the task that sends would cost more than the message."""
        return (
            not self._frames
            and self.waiting_since is None
            and self._transport.get_write_buffer_size() < WRITER_LIMIT
            and not self._transport.is_closing()
            and not self._socket.closed
        )

    def say(self, message: LiveMessage) -> None:
        self.offer(frame_of(message))

    def say_hello(self) -> None:
        """What rings is told anew after this: what is not told again, rings no longer."""
        self.say(notice("hello", cursor=str(self.cursor)))

    def cut_off(self, reason: str) -> None:
        """Drop the connection without the courtesy of a close frame, which would wait behind what is not read."""
        log.warning("desk_cut_off", agent_id=self.session.agent.id, reason=reason)
        self._transport.abort()

    async def close(self) -> None:
        """With the courtesy of a close frame, where the other end reads it."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._socket.close()
        except TimeoutError:
            self.cut_off("stalled")

    async def send_queued(self) -> None:
        """Runs until the connection is gone."""
        clock = asyncio.get_running_loop().time
        while not self._socket.closed:
            await self._more.wait()
            self._more.clear()
            while self._frames and not self._socket.closed:
                self.waiting_since = clock()
                await self._writer.write(self._take_queued())
                await self._writer.drain()
                self.waiting_since = None

    def _take_queued(self) -> bytes:
        """The frames that go out together: about WRITER_LIMIT bytes of them, at least one."""
        taken = [self._frames.popleft()]
        size = len(taken[0])
        while self._frames and size < WRITER_LIMIT:
            taken.append(self._frames.popleft())
            size += len(taken[-1])
        self._queued -= size
        return b"".join(taken)


class Hub:
    """All open desks of this process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._clients: set[DeskClient] = set()
        self._audiences: dict[str, set[DeskClient]] = {}
        """By topic: who may see it. A call's events go to few of many desks."""
        self._watchdog: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._clients)

    def emit(self, topics: tuple[str, ...], message: LiveMessage) -> int:
        """Give `message` to every desk that may see one of `topics`; answers to how many. Implements `Emit`."""
        audience = set[DeskClient]().union(*(self._audiences.get(topic, ()) for topic in topics))
        if audience:
            frame = frame_of(message)
            for client in audience:
                client.offer(frame)
        return len(audience)

    def publish(self, rows: Sequence[feed.FeedRow]) -> None:
        """Give durable messages, in the order of their numbers, to the desks that may see them."""
        if not rows or not self._clients:
            return
        frames = [frame_of(message_of(row)) for row in rows]
        topics = frozenset(row.topic for row in rows)
        # Most desks are given the same: put together once for all that see the same topics and have come as far.
        together: dict[tuple[frozenset[str], int], bytes] = {}
        for client in list(self._clients):
            if client.catching_up:
                client.newest_missed = rows[-1].number
                continue
            seen, start = topics & client.topics, max(client.cursor, rows[0].number - 1)
            if (seen, start) not in together:
                fitting = (
                    f for f, row in zip(frames, rows, strict=True) if row.topic in seen and row.number > start
                )
                together[seen, start] = b"".join(fitting)
            client.cursor = max(client.cursor, rows[-1].number)
            if together[seen, start]:
                client.offer(together[seen, start])

    async def serve(
        self,
        request: web.Request,
        session: DeskSession,
        after: str | None,
        *,
        greet: Callable[[OpenDesk], None],
        hear: Callable[[OpenDesk, bytes], None],
        part: Callable[[OpenDesk], None],
    ) -> web.WebSocketResponse:
        """Serve one desk until it goes.

        `greet` has it said what it should know first, `hear` takes what it says, `part` is called when it is gone.
        """
        oldest, newest = await self._db.read(feed.bounds)
        start, too_old = _start(after, oldest, newest)
        socket = web.WebSocketResponse(
            timeout=CLOSE_SECONDS,
            heartbeat=20.0,
            compress=False,
            max_msg_size=16 * 1024,
            writer_limit=WRITER_LIMIT,
        )
        writer = await socket.prepare(request)
        client = DeskClient(socket, writer, session)
        client.cursor = start
        client.say_hello()
        if too_old:
            client.say(notice("reload", cursor=str(start)))
        desk = OpenDesk(session.agent, client.say, client.say_hello)
        greet(desk)
        # No await since `greet`: what happens from now on reaches the desk as a message.
        self._admit(client)
        self._watch()
        sender = asyncio.create_task(client.send_queued())
        try:
            async with asyncio.timeout((session.ends_at - utc_now()).total_seconds()):
                await self._catch_up(client)
                async for received in socket:
                    if received.type is WSMsgType.TEXT:
                        hear(desk, received.data.encode())
        except TimeoutError:
            await socket.close(message=b"the session is over")
        finally:
            self._dismiss(client)
            part(desk)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    async def close_session(self, session_id: str) -> None:
        """Close the desks of a session that was logged out."""
        for client in [client for client in self._clients if client.session.id == session_id]:
            await client.close()

    async def close(self) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
            await asyncio.gather(self._watchdog, return_exceptions=True)
            self._watchdog = None
        await asyncio.gather(*(client.close() for client in list(self._clients)))

    def _admit(self, client: DeskClient) -> None:
        self._clients.add(client)
        for topic in client.topics:
            self._audiences.setdefault(topic, set()).add(client)

    def _dismiss(self, client: DeskClient) -> None:
        self._clients.discard(client)
        for topic in client.topics:
            self._audiences[topic].discard(client)
            if not self._audiences[topic]:
                del self._audiences[topic]

    async def _catch_up(self, client: DeskClient) -> None:
        while True:
            rows = await self._db.read(feed.read_after, client.cursor, PAGE)
            for row in rows:
                client.cursor = row.number
                if row.topic in client.topics:
                    client.say(message_of(row))
            # No await between this test and the switch: nothing can be published in between.
            if not rows and client.newest_missed <= client.cursor:
                client.catching_up = False
                return

    def _watch(self) -> None:
        if self._watchdog is None or self._watchdog.done():
            self._watchdog = asyncio.create_task(self._cut_off_stalled())

    async def _cut_off_stalled(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._clients:
            await asyncio.sleep(0.5)
            for client in list(self._clients):
                if client.waiting_since is not None and clock() - client.waiting_since > STALL_SECONDS:
                    client.cut_off("stalled")


def topics_of(session: DeskSession) -> frozenset[str]:
    """What a desk may see: everyone's, its agent's own, and those of every role that the agent's includes."""
    agent = session.agent
    roles = {topic_of_role(role) for role in Role if agent.role.includes(role)}
    return frozenset({EVERYONE, topic_of_agent(agent.id)} | roles)


def frame_of(message: LiveMessage) -> bytes:
    """A text frame from server to client, unmasked and whole (RFC 6455 section 5.2)."""
    payload = msgspec.json.encode(message)
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2) + payload
    return b"\x81\x7f" + size.to_bytes(8) + payload


def message_of(row: feed.FeedRow) -> LiveMessage:
    cursor = str(row.number)
    return LiveMessage(type=row.type, id=cursor, at=iso(row.at), data=row.data, cursor=cursor)


def notice(code: str, **data: str) -> LiveMessage:
    """Codes: hello (connected, with the cursor), reload (the cursor was too old: fetch anew), gap (nobody watched)."""
    return LiveMessage(type="notice", id=new_id(), at=iso(utc_now()), data={"code": code, **data})


def _start(after: str | None, oldest: int, newest: int) -> tuple[int, bool]:
    """The number to go on from, and whether what was missed is no longer kept."""
    if after is None:
        return newest, False
    cursor = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else -1
    if cursor + 1 < oldest or cursor > newest or cursor < 0:
        return newest, True
    return cursor, False

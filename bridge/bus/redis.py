"""The bus over Redis: one stream, which every process writes to and reads from its end.

Redis keeps nothing that is not also in the database, so it may be emptied, killed, full or made read-only at any
moment: what is told meanwhile is kept here, the newest QUEUE messages of it, and sent when it takes writes again.
Nobody claims work through the stream: that is done by rows of the outbox, which know who has died.

An entry holds all that gathered while the one before was on its way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import msgspec
import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bridge.domain.ids import new_id
from bridge.domain.ports import Subject
from bridge.errors import InvalidInput

STREAM: Final = "omniline"
KEPT: Final = 2_000
"""Entries that Redis keeps, about: more than a process is behind that is not as good as gone."""
QUEUE: Final = 100_000
BATCH: Final = 64
"""Messages of one entry: with KEPT it bounds what Redis needs."""
READ: Final = 512
BLOCK_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 5.0
FIRST_WAIT: Final = 0.05
LONGEST_WAIT: Final = 1.0
_BEGINNING: Final = b"0-0"

log = structlog.get_logger()

_Message = tuple[str, bytes]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[_Message]).decode


class RedisBus:
    """Implements `Bus`. Each home has a Redis database of its own: `redis://host:port/number`."""

    def __init__(self, url: str) -> None:
        """Raises InvalidInput for what is no address of a Redis."""
        try:
            self._redis = Redis.from_url(
                url,
                socket_connect_timeout=ANSWER_SECONDS,
                socket_timeout=BLOCK_SECONDS + ANSWER_SECONDS,
                # We wait for it ourselves: a message that redis-py sent again could overtake another.
                retry=Retry(NoBackoff(), 0),
                protocol=2,
            )
        except ValueError as error:
            raise InvalidInput(str(error), where="bus.url") from error
        self._name = new_id().encode()
        self._followers: dict[str, list[Callable[[bytes], None]]] = {}
        self._woken: dict[Subject, None] = {}
        self._queue: deque[_Message] = deque(maxlen=QUEUE)
        self._more = asyncio.Event()
        self._following = asyncio.Event()

    def tell(self, subject: Subject, message: bytes = b"") -> None:
        self._hand_on(subject, message)
        if message:
            self._queue.append((subject, message))
        else:
            # One wake-up is as good as several.
            self._woken[subject] = None
        self._more.set()

    def follow(self, subject: Subject, take: Callable[[bytes], None]) -> None:
        self._followers.setdefault(subject, []).append(take)

    async def run(self) -> None:
        tasks = [
            asyncio.create_task(self._send(), name="bus-send"),
            asyncio.create_task(self._read(), name="bus-read"),
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            # redis-py now and then misses a cancellation that comes as it begins to read: it notices a closed connection.
            await self._redis.aclose()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def joined(self) -> None:
        """Returns when what other processes tell from now on will be taken."""
        await self._following.wait()

    async def _send(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._queue or self._woken:
                batch: list[_Message] = [(subject, b"") for subject in self._woken]
                self._woken.clear()
                batch += [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
                await self._insist(self._add, _encode(batch))

    async def _add(self, batch: bytes) -> None:
        await self._redis.xadd(STREAM, {b"by": self._name, b"told": batch}, maxlen=KEPT, approximate=True)

    async def _read(self) -> None:
        # What was told before we came concerns nobody here.
        position = await self._insist(self._find_end)
        self._following.set()
        while True:
            position = await self._insist(self._read_after, position)

    async def _find_end(self) -> bytes:
        """The place of the newest entry, _BEGINNING when there is none."""
        newest: Any = await self._redis.xrevrange(STREAM, count=1)
        return bytes(newest[0][0]) if newest else _BEGINNING

    async def _read_after(self, position: bytes) -> bytes:
        """Hand on what comes after `position`; the place of the last of it."""
        found: Any = await self._redis.xread({STREAM: position}, count=READ, block=int(BLOCK_SECONDS * 1000))
        if not found:
            # Redis was emptied, and its clock may have gone back since: what came then lies before `position`.
            end = await self._find_end()
            return _BEGINNING if _order(end) < _order(position) else position
        for _, fields in (entries := found[0][1]):
            if fields.get(b"by") != self._name:
                self._take(fields.get(b"told", b""))
        place: bytes = entries[-1][0]
        return place

    def _take(self, batch: bytes) -> None:
        try:
            told = _decode(batch)
        except msgspec.DecodeError:
            log.warning("bus_not_understood", bytes=len(batch))
            return
        for subject, message in told:
            self._hand_on(subject, message)

    def _hand_on(self, subject: str, message: bytes) -> None:
        for take in self._followers.get(subject, ()):
            take(message)

    async def _insist(self, ask: Callable[..., Any], *given: bytes) -> Any:
        """What `ask` answers, however long Redis is away or takes no writes."""
        wait, is_away = FIRST_WAIT, False
        task = asyncio.current_task()
        while True:
            # See `run`: then it says that the connection was lost.
            if task is not None and task.cancelling():
                raise asyncio.CancelledError
            try:
                answer = await ask(*given)
            except (RedisError, OSError) as error:
                if not is_away:
                    log.warning("bus_away", reason=type(error).__name__)
                is_away = True
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
            else:
                if is_away:
                    log.info("bus_back")
                return answer


def _order(place: bytes) -> tuple[int, ...]:
    return tuple(int(part) for part in place.split(b"-"))

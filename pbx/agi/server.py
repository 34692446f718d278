"""The FastAGI server: it owns the sockets and the time.

Asterisk never gives up on an AGI peer that accepts and stays silent, so each connection is aborted 300 ms
after it was opened, whatever its handler does; the dialplan then goes on without us. One asyncio Protocol per
connection: first the environment up to an empty line, then a task that runs the handler named by
`agi_network_script`, which talks through an `AgiSession`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

import structlog

from pbx.agi.handlers import Handler, Services
from pbx.agi.metrics import AgiMetrics
from pbx.agi.session import AgiSession, HungUp, parse_environment
from pbx.errors import PbxError, Rejected

DEADLINE_SECONDS: Final = 0.3
LATE_SECONDS: Final = 0.02
"""When the deadline itself comes this late, the process got no CPU: what has arrived meanwhile is read first."""
MAX_ENVIRONMENT_BYTES: Final = 64 * 1024
MAX_ENVIRONMENT_LINES: Final = 200
MAX_REPLY_BYTES: Final = 64 * 1024
MAX_SESSIONS: Final = 500
BACKLOG: Final = 1024

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Shared:
    """What all connections of one server share. `silent` are those without an environment yet, oldest first."""

    services: Services
    handlers: Mapping[str, Handler]
    metrics: AgiMetrics
    silent: dict[_Connection, None]


class AgiServer:
    """Serves `agi://host:port/<handler>` until closed."""

    def __init__(self, services: Services, handlers: Mapping[str, Handler], metrics: AgiMetrics) -> None:
        self._shared = _Shared(services, handlers, metrics, {})
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; the port, also when 0 was asked for. Raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self._shared), host, port, backlog=BACKLOG
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Stop listening. Open sessions end by themselves within the deadline."""
        if self._server is not None:
            self._server.close()


class _Connection(asyncio.Protocol):
    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._loop = asyncio.get_running_loop()
        self._opened_at = time.monotonic()
        self._received = b""
        self._was_late = False
        self._handler = ""
        self._session: AgiSession | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast and no check: uvloop's transports are not subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._deadline = self._loop.call_later(DEADLINE_SECONDS, self._expire)
        shared = self._shared
        shared.metrics.open_sessions += 1
        shared.silent[self] = None
        if shared.metrics.open_sessions > MAX_SESSIONS:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        if self._session is not None:
            self._session.feed(data)
            if self._session.unread > MAX_REPLY_BYTES:
                self._transport.abort()
            return
        self._received += data
        block, end, rest = self._received.partition(b"\n\n")
        if len(block) > MAX_ENVIRONMENT_BYTES or block.count(b"\n") > MAX_ENVIRONMENT_LINES:
            self._refuse("environment_too_large")
        elif end:
            self._begin(block, rest)

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        self._shared.metrics.open_sessions -= 1
        self._shared.silent.pop(self, None)
        if self._task is not None and not self._task.done():
            self._task.cancel()
        # Session, task and transport point at each other: without the cycle there is nothing to collect.
        self._task = None

    def _begin(self, block: bytes, rest: bytes) -> None:
        self._shared.silent.pop(self, None)
        try:
            environment = parse_environment(block)
        except Rejected:
            self._refuse("environment_forged")
            return
        name = environment.get("agi_network_script", "")
        handler = self._shared.handlers.get(name)
        if handler is None:
            self._refuse("unknown_handler")
            return
        self._handler = name
        self._session = AgiSession(environment, self._transport.write, self._opened_at)
        self._session.feed(rest)
        self._task = self._loop.create_task(handler(self._session, self._shared.services))
        self._task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        metrics = self._shared.metrics
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or isinstance(error, HungUp):
            metrics.hung_up += 1
        elif isinstance(error, PbxError):
            metrics.failed += 1
            _log.error("agi_handler_failed", handler=self._handler, leg=self._leg(), reason=str(error))
        elif error is not None:
            metrics.failed += 1
            _log.error("agi_handler_failed", handler=self._handler, leg=self._leg(), exc_info=error)
        metrics.observe(self._handler, time.monotonic() - self._opened_at)
        self._transport.close()

    def _expire(self) -> None:
        if not self._was_late and time.monotonic() - self._opened_at > DEADLINE_SECONDS + LATE_SECONDS:
            self._was_late = True
            self._deadline = self._loop.call_later(LATE_SECONDS, self._expire)
            return
        self._shared.metrics.expired += 1
        if self._session is not None:
            _log.warning("agi_deadline", handler=self._handler, leg=self._leg(), seconds=DEADLINE_SECONDS)
        self._transport.abort()

    def _refuse(self, reason: str) -> None:
        self._shared.metrics.refused += 1
        _log.warning("agi_refused", reason=reason)
        self._transport.abort()

    def _make_room(self) -> None:
        """Cut the client that has been silent longest (this one, when all others have spoken)."""
        oldest = next(iter(self._shared.silent))
        del self._shared.silent[oldest]
        self._shared.metrics.evicted += 1
        oldest._transport.abort()

    def _leg(self) -> str:
        return self._session.environment.get("agi_uniqueid", "") if self._session is not None else ""

"""The AGI process, from outside: spawned, watched, replaced.

AGI holds calls: a process of ours that is frozen must not. So the parent pings it every 200 ms, and one that
leaves five ticks in a row unanswered is killed, which closes its sockets and frees the calls. The count is of
our own ticks and not of time on a clock: a parent that was itself stopped for two seconds finds one tick
gone by, reads the pongs that wait, and kills no healthy child.
"""

from __future__ import annotations

import asyncio
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from pbx.agi.metrics import AgiMetrics
from pbx.agi.process import PORT_IN_USE
from pbx.errors import PbxError, Rejected, Transient

PING_SECONDS: Final = 0.2
UNANSWERED_TICKS: Final = 5
READY_SECONDS: Final = 15.0
STOP_SECONDS: Final = 2.0
DYING_SECONDS: Final = 0.5
"""How long a process that has closed its output may take to be gone."""
BACK_OFF_SECONDS: Final = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
HEALTHY_SECONDS: Final = 10.0
"""Who lived this long died for a reason of its own: the back-off begins anew."""

_log = structlog.get_logger(__name__)


class AgiChild:
    """Keeps one AGI process alive. `argv` is how to start it; it must end up in `pbx.agi.process.run`."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._argv = argv
        self._environment = environment
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self.port = 0
        self.restarts = 0
        self.metrics = AgiMetrics()
        """As of the last pong of the process that runs now."""

    @property
    def pid(self) -> int | None:
        """The process that serves now, None between two of them."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> int:
        """Spawn and wait until it listens; the port. Raises Rejected when the port is taken, else Transient."""
        await self._spawn()
        self._watch = asyncio.create_task(self._keep_alive(), name="agi-child")
        return self.port

    async def stop(self) -> None:
        """Close the pipe, which is the order to leave, and kill what has not left after two seconds."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            await self._end(self._process, STOP_SECONDS)

    async def _keep_alive(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            await self._watch_one()
            failures = 0 if time.monotonic() - began > HEALTHY_SECONDS else failures
            while self._process is None:
                delay = BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)]
                failures += 1
                await asyncio.sleep(delay)
                try:
                    await self._spawn()
                except PbxError as error:
                    _log.error("agi_child_not_started", reason=str(error), failures=failures)
            self.restarts += 1
            _log.warning("agi_child_replaced", pid=self.pid, restarts=self.restarts)

    async def _spawn(self) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv, stdin=PIPE, stdout=PIPE, env=self._environment
            )
        except OSError as error:  # no process, memory or descriptor to be had
            raise Transient(f"the AGI process could not be started: {error}") from error
        self._process = process
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        except TimeoutError:
            line = b""
        word, _, port = line.decode("ascii", "replace").partition(" ")
        if word != "ready":
            await self._end(process, DYING_SECONDS)
            if process.returncode == PORT_IN_USE:
                raise Rejected("the AGI port is in use; set agi.port to a free one")
            raise Transient(f"the AGI process did not start (exit status {process.returncode})")
        self.port = int(port)
        _log.info("agi_child_ready", pid=process.pid, port=self.port)

    async def _watch_one(self) -> None:
        """Ping the running process until it dies or has to be killed."""
        process = self._process
        assert process is not None
        pongs = asyncio.create_task(self._read_pongs(process))
        self._answered = sent = 0
        try:
            while sent - self._answered < UNANSWERED_TICKS and not pongs.done():
                sent += 1
                self._ping(process, sent)
                await asyncio.wait({pongs}, timeout=PING_SECONDS)
        finally:
            pongs.cancel()
        silent = process.returncode is None and sent - self._answered >= UNANSWERED_TICKS
        await self._end(process, 0.0 if silent else DYING_SECONDS)
        _log.error("agi_child_died", pid=process.pid, status=process.returncode, silent=silent)

    def _ping(self, process: Process, number: int) -> None:
        assert process.stdin is not None
        # One that is dying may have closed this end first; uvloop raises for what is written then.
        if not process.stdin.is_closing():
            process.stdin.write(b"ping %d\n" % number)

    async def _read_pongs(self, process: Process) -> None:
        """Ends with the process's output."""
        assert process.stdout is not None
        while line := await process.stdout.readline():
            _, number, metrics = line.split(b" ", 2)
            self._answered = int(number)
            self.metrics = msgspec.json.decode(metrics, type=AgiMetrics)

    async def _end(self, process: Process, grace: float) -> None:
        """Wait for the end that was ordered or has begun, and kill after `grace` seconds.

        Not at once where it is ending by itself: `kill` reaps one that has just ended, and asyncio then never
        learns its exit status.
        """
        try:
            async with asyncio.timeout(grace):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        self._process = None

"""The AGI process, from inside: serves until its parent's pipe closes.

The parent (`pbx.agi.child`) talks over standard input and output, a line at a time: we say `ready PORT` once,
and answer `ping N` with `pong N METRICS` (JSON). The pings are answered by the loop that serves the calls, so
that a loop that is stuck is seen. End of input is the order to leave, also when the parent was killed.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import msgspec
import structlog
import uvloop

from pbx.agi.handlers import Handler, Services, find_handlers
from pbx.agi.handlers.self_test import NOBODY
from pbx.agi.lookup import CardLookup
from pbx.agi.metrics import AgiMetrics
from pbx.agi.server import AgiServer
from pbx.errors import Transient
from pbx.interface import CallerDirectory
from pbx.number import load_all_regions

PORT_IN_USE: Final = 98
"""Exit status when the port is taken."""

_log = structlog.get_logger(__name__)


def run(
    host: str,
    port: int,
    open_directory: Callable[[], CallerDirectory],
    region: str,
    handlers: Mapping[str, Handler] | None = None,
) -> None:
    """Serve `agi://host:port/` until standard input ends; never returns, exits with 0 or PORT_IN_USE.

    `open_directory` is called once, here; its `find_card` in pool threads. `region` is the company's ("UA");
    `handlers` are all of `pbx.agi.handlers` when not given.
    """
    # Ctrl-C goes to the whole terminal; only the parent acts on it, and tells us by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What anybody prints must not get into the conversation with the parent.
    to_parent = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    metrics = AgiMetrics()
    lookup = CardLookup(open_directory(), metrics)
    server = AgiServer(Services(lookup, region), handlers or find_handlers(), metrics)
    sys.exit(uvloop.run(_serve(server, host, port, _ParentPipe(to_parent, metrics), lookup)))


async def _serve(server: AgiServer, host: str, port: int, parent: _ParentPipe, lookup: CardLookup) -> int:
    try:
        bound = await server.start(host, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        _log.error("agi_port_in_use", host=host, port=port)
        return PORT_IN_USE
    # The first lookup compiles statements and opens a connection: not while a caller waits.
    load_all_regions()
    with suppress(Transient):
        await lookup.find(NOBODY, "", time.monotonic())
    # What is loaded stays loaded: the collector need not look through it again and again.
    gc.freeze()
    gc.enable()
    await asyncio.get_running_loop().connect_read_pipe(lambda: parent, sys.stdin)
    parent.say(b"ready %d" % bound)
    await parent.closed.wait()
    return 0


class _ParentPipe(asyncio.Protocol):
    def __init__(self, to_parent: int, metrics: AgiMetrics) -> None:
        self.closed = asyncio.Event()
        self._to_parent = to_parent
        self._metrics = metrics
        self._unread = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            if line.startswith(b"ping "):
                self.say(b"pong " + line[5:] + b" " + msgspec.json.encode(self._metrics))

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def say(self, line: bytes) -> None:
        # Blocking, and never blocked: there is at most one short line here for each that the parent sent.
        try:
            os.write(self._to_parent, line + b"\n")
        except BrokenPipeError:
            self.closed.set()

"""ws_fanout: CPU time that telling a card to 500 desks costs the server, a desk, and what one more that does not read costs.

The desks read in this process, which is not measured. The one that stalls is told more at once than the system takes and less
than our queue: so it is the time that ends it, and all that the server grows by meanwhile is its. Goals: at most 1.2 times a
server that serialises once and writes; the stalled one costs at most 1 MiB and is gone within 5 s.
"""

from __future__ import annotations

import asyncio
import http.client
import re
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import uvloop

from benchmarks.harness import Bound, Ratio, Result, Size, measure
from benchmarks.pop_desks import read_frame
from benchmarks.processes import Server, serving
from bridge.domain.agent import Role
from bridge.domain.live import EVERYONE, topic_of_role
from bridge.store.migrations import upgrade

DESKS = 500
MESSAGES = {Size.SMALL: 50, Size.FULL: 500}
STALLS = {Size.SMALL: 2, Size.FULL: 5}
PAUSE = 0.02
"""Seconds between two messages: calls are told one by one."""
BURST = 180
"""Messages, 470 KB: of which the system takes a part."""
PATIENCE = 30.0
UPGRADE = (
    "GET /desk?role={role} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)
COSTS, GONE = "stalled: KiB", "stalled: ms until it is gone"
GOALS = (Ratio("ours", "raw", 1.2), Bound(COSTS, 1024.0), Bound(GONE, 5_000.0))


def run(size: Size) -> Result:
    with tempfile.TemporaryDirectory(prefix="omniline-ws-") as folder, ExitStack() as stack:
        url = f"sqlite:///{Path(folder) / 'desks.sqlite3'}"
        upgrade(url)
        servers = {
            name: stack.enter_context(serving("benchmarks.ws_servers", [name, url]))
            for name in ("raw", "ours")
        }

        def contestant(server: Server) -> Callable[[], float]:
            return lambda: uvloop.run(_fan_out(server, MESSAGES[size])) / MESSAGES[size] / DESKS * 1e6

        samples = measure({name: contestant(server) for name, server in servers.items()})
        stalls = [stall(servers["ours"]) for _ in range(STALLS[size])]
    samples[COSTS], samples[GONE] = map(list, zip(*stalls, strict=True))
    notes = {"desks": DESKS, "messages a round": MESSAGES[size]}
    return Result("ws_fanout", "us of CPU a message and desk", samples, GOALS, notes=notes)


class _Desk(asyncio.Protocol):
    """Reads `count` messages after the hello; `greeted` and `ended` tell that they are there."""

    def __init__(self, count: int, greeted: asyncio.Future[None], ended: asyncio.Future[None]) -> None:
        self._left = count + 1
        self._greeted, self._ended = greeted, ended
        self._rest = b""
        self._switched = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._transport.write(UPGRADE.format(role=Role.AGENT).encode())

    def data_received(self, data: bytes) -> None:
        data, start = self._rest + data, 0
        if not self._switched:
            start = data.find(b"\r\n\r\n") + 4
            self._switched = start >= 4
        while self._switched and (frame := read_frame(data, start)) is not None:
            _, _, start = frame
            self._left -= 1
            if not self._greeted.done():
                self._greeted.set_result(None)
            if not self._left:
                self._ended.set_result(None)
        self._rest = data[start:] if self._switched else data

    def connection_lost(self, exc: Exception | None) -> None:
        if self._left:
            self._ended.set_exception(RuntimeError("a desk that reads was cut off"))

    def close(self) -> None:
        self._transport.close()


async def _fan_out(server: Server, messages: int) -> float:
    """The server's CPU seconds for telling all desks so many messages."""
    loop = asyncio.get_running_loop()
    desks, ends = [], []
    for _ in range(DESKS):
        greeted, ended = loop.create_future(), loop.create_future()
        _, desk = await loop.create_connection(
            partial(_Desk, messages, greeted, ended), "127.0.0.1", server.port
        )
        await greeted
        desks.append(desk)
        ends.append(ended)
    before = server.cpu_seconds()
    await asyncio.to_thread(say, server.port, EVERYONE, messages, PAUSE)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*ends)
    spent = server.cpu_seconds() - before
    for desk in desks:
        desk.close()
    return spent


def say(port: int, topic: str, count: int, pause: float) -> None:
    """Returns when all is said."""
    ask(port, "POST", f"/say?to={topic}&count={count}&pause={pause}")


def ask(port: int, method: str, path: str) -> bytes:
    """Raises RuntimeError for another answer than 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, path)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path}: {answer.status}")
    return said


def stall(server: Server) -> tuple[float, float]:
    """KiB that the server grew by at most while a desk did not read, and after how many ms that desk was gone.

    Raises RuntimeError when it is not cut off.
    """
    with socket.socket() as desk:
        desk.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        desk.connect(("127.0.0.1", server.port))
        desk.sendall(UPGRADE.format(role=Role.ADMIN).encode())
        while b"hello" not in desk.recv(4096):
            pass
        before = most = resident(server.pid)
        began = time.monotonic()
        say(server.port, topic_of_role(Role.ADMIN), BURST, 0.0)
        # The server is asked: what the system still holds for it hides the end from one that does not read.
        while ask(server.port, "GET", "/desks") != b"0":
            time.sleep(0.05)
            most = max(most, resident(server.pid))
            if time.monotonic() - began > PATIENCE:
                raise RuntimeError("a desk that does not read is not cut off")
        return most - before, (time.monotonic() - began) * 1e3


def resident(pid: int) -> float:
    """KiB (proc(5), /proc/PID/status)."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text("ascii"))
    assert found
    return float(found[1])

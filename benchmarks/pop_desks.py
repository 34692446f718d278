"""The agents' desks: `python -m benchmarks.pop_desks HTTP_PORT TOKENS`; TOKENS is a JSON file, extension to token.

One WebSocket each (RFC 6455), all in one process on bare uvloop protocols, as it stands for many machines and must not
be what is slow. A pop is parsed as a browser would, all of it; then its time is taken, and the server told that it is shown.
Other messages are passed over unparsed: in life each desk has a processor of its own for them.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.sightings import say, say_ready

TEXT, PING, PONG = 1, 9, 10
POP = b'{"type":"screen_pop",'
_NO_MASK = bytes(4)


class Desk(asyncio.Protocol):
    """`opened` is called when the server has switched to the WebSocket."""

    def __init__(self, port: int, token: str, opened: Callable[[], None]) -> None:
        self._hello = (
            f"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        ).encode()
        self._opened = opened
        self._rest = b""
        self._switched = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._transport.write(self._hello)

    def connection_lost(self, exc: Exception | None) -> None:
        sys.exit(f"a desk was cut off: {self._rest[:200]!r}")

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        start = 0
        if not self._switched:
            start = data.find(b"\r\n\r\n") + 4
            if start < 4:
                self._rest = data
                return
            if not data.startswith(b"HTTP/1.1 101 "):
                raise RuntimeError(f"no WebSocket: {data[:200]!r}")
            self._switched = True
            self._opened()
        while (frame := read_frame(data, start)) is not None:
            opcode, payload, end = frame
            if opcode == TEXT and data.startswith(POP, payload):
                self._take_pop(json.loads(data[payload:end]))
            elif opcode == PING:
                self._transport.write(masked_frame(PONG, data[payload:end]))
            start = end
        self._rest = data[start:]

    def _take_pop(self, pop: dict[str, Any]) -> None:
        at = time.time()
        if pop["data"]["card"]["customer"] is None:
            return  # sent without waiting for a slow store; the card follows
        say(pop["data"]["card"]["caller"], pop["data"]["extension"], at)
        shown = json.dumps({"type": "screen_pop_shown", "id": pop["data"]["id"]})
        self._transport.write(masked_frame(TEXT, shown.encode()))


def read_frame(data: bytes, start: int) -> tuple[int, int, int] | None:
    """Opcode, where the payload begins and where it ends; None while there is no whole frame. RFC 6455 section 5.2."""
    if len(data) < start + 2:
        return None
    length, payload = data[start + 1] & 0x7F, start + 2
    if length >= 126:
        size = 2 if length == 126 else 8
        length, payload = int.from_bytes(data[payload : payload + size]), payload + size
    end = payload + length
    return (data[start] & 0x0F, payload, end) if end <= len(data) else None


def masked_frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame. The mask is there to fool proxies; of zeros it changes nothing."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2)
    return bytes([0x80 | opcode]) + length + _NO_MASK + payload


async def main(port: int, tokens: Path) -> None:
    loop = asyncio.get_running_loop()
    for token in json.loads(tokens.read_text("utf-8")).values():
        opened = asyncio.Event()
        await loop.create_connection(partial(Desk, port, token, opened.set), "127.0.0.1", port)
        await opened.wait()
    say_ready()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), Path(sys.argv[2])))

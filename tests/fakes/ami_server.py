"""Asterisk's side of AMI, well enough to log in, list and tell, and bad at it on purpose where a test asks.

Source: "AMI v2 Specification" of the Asterisk documentation.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import Self

Headers = Mapping[str, str]
USER, SECRET = "omniline", "only-for-tests"
LISTS = {
    "Status": "StatusComplete",
    "DeviceStateList": "DeviceStateListComplete",
    "QueueStatus": "QueueStatusComplete",
}


def encode(headers: Headers) -> bytes:
    return "".join(f"{key}: {value}\r\n" for key, value in headers.items()).encode() + b"\r\n"


class AmiServer:
    """`received` holds every action of every link, `items` what a list answers.

    Actions in `silent` get no answer, those in `refused` an error. `before_list_end` is told inside of a
    list. `chunk` is how many bytes go out in one write, `pace` the seconds between two of them.
    """

    def __init__(self) -> None:
        self.received: list[dict[str, str]] = []
        self.items: dict[str, Sequence[Headers]] = {}
        self.silent: set[str] = set()
        self.refused: set[str] = set()
        self.before_list_end: Sequence[Headers] = ()
        self.chunk = 0
        self.pace = 0.0
        self.port = 0
        self.links: list[asyncio.StreamWriter] = []
        self._sending = asyncio.Lock()
        self._dropped: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()

    async def start(self) -> None:
        """Also again after `stop`, on the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Like a killed Asterisk: the port is closed and every link is reset."""
        if self._server:
            self._server.close()
        self.reset()

    def reset(self) -> None:
        """Cut every link by RST."""
        for writer in self.links:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        self.links.clear()

    def forget(self) -> None:
        """Like a network that drops all: the links stay open, nothing goes out on them and no answer comes."""
        self._dropped += self.links
        self.links.clear()

    async def tell(self, event: Headers) -> None:
        await self.write(encode(event))

    async def write(self, data: bytes) -> None:
        """To every link."""
        for writer in self.links:
            await self._send(writer, data)

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        # An answer and an event that go out in pieces at once would be neither.
        async with self._sending:
            for start in range(0, len(data), self.chunk or len(data)):
                writer.write(data[start : start + (self.chunk or len(data))])
                await writer.drain()
                await asyncio.sleep(self.pace)

    def count(self, action: str) -> int:
        return sum(each["Action"] == action for each in self.received)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.links.append(writer)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await self._send(writer, b"Asterisk Call Manager/11.0.0\r\n")
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                action = dict(line.split(": ", 1) for line in lines if ": " in line)
                self.received.append(action)
                if action["Action"] not in self.silent and writer not in self._dropped:
                    for message in self._answer(action):
                        await self._send(writer, encode(message))
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            if writer in self.links:
                self.links.remove(writer)
            writer.close()

    def _answer(self, action: dict[str, str]) -> list[Headers]:
        name, key = action["Action"], {"ActionID": action["ActionID"]}
        if name in self.refused:
            return [{"Response": "Error", **key, "Message": "Permission denied"}]
        if name == "Login" and (action["Username"], action["Secret"]) != (USER, SECRET):
            return [{"Response": "Error", **key, "Message": "Authentication failed"}]
        if name not in LISTS:
            return [{"Response": "Success", **key}]
        return [
            {"Response": "Success", **key, "EventList": "start", "Message": "A list follows"},
            *({**item, **key} for item in self.items.get(name, ())),
            *self.before_list_end,
            {"Event": LISTS[name], **key, "EventList": "Complete", "ListItems": "0"},
        ]

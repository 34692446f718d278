"""The contestants of ws_fanout, as `python -m benchmarks.ws_servers NAME DATABASE`; each prints `ready PORT`.

- raw: aiohttp's WebSocket; a message is serialised and framed once and written to the transport of each desk, with nothing for
  one that does not read: the limit
- ours: the hub of desks

`GET /desk?role=` is the WebSocket of an agent of that role; `POST /say?to=&count=&pause=` says `count` cards to a topic, `pause`
seconds apart; `GET /desks` says how many there are.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from datetime import timedelta
from typing import Any

import uvloop
from aiohttp import web

from bridge.desk.live import Hub, frame_of, notice
from bridge.desk.sessions import DeskSession
from bridge.domain.agent import Agent, Role
from bridge.domain.ids import new_id
from bridge.domain.live import LiveMessage
from bridge.domain.times import iso, utc_now
from bridge.store.engine import Database

CARD_BYTES = 2_600
KERNEL_BYTES = 64 * 1024
"""What the system takes of a desk's messages, so that it is known when a desk that does not read holds us up."""


def message() -> LiveMessage:
    return LiveMessage(type="screen_pop", id=new_id(), at=iso(utc_now()), data={"card": "." * CARD_BYTES})


class RawHub:
    """What `Hub` does, without the desk that does not read."""

    def __init__(self) -> None:
        self._desks: set[Any] = set()

    async def follow(self, request: web.Request) -> web.WebSocketResponse:
        opened = web.WebSocketResponse(compress=False)
        transport: Any = (await opened.prepare(request)).transport
        transport.write(frame_of(notice("hello", cursor="0")))
        self._desks.add(transport)
        async for _ in opened:
            pass
        self._desks.remove(transport)
        return opened

    def __len__(self) -> int:
        return len(self._desks)

    def emit(self, topics: tuple[str, ...], said: LiveMessage) -> int:
        frame = frame_of(said)
        for transport in self._desks:
            transport.write(frame)
        return len(self._desks)


class OurHub(Hub):
    """Lets anybody in."""

    async def follow(self, request: web.Request) -> web.WebSocketResponse:
        role = Role(request.query["role"])
        agent = Agent(id=new_id(), login="agent", name="Agent", role=role)
        session = DeskSession(new_id(), agent, csrf="", ends_at=utc_now() + timedelta(hours=1))
        return await self.serve(
            request, session, None, greet=lambda _: None, hear=lambda _: None, part=lambda _: None
        )


def make_app(hub: RawHub | OurHub) -> web.Application:
    async def say(request: web.Request) -> web.Response:
        query = request.query
        for _ in range(int(query["count"])):
            hub.emit((query["to"],), message())
            await asyncio.sleep(float(query["pause"]))
        return web.Response()

    async def count(_: web.Request) -> web.Response:
        return web.json_response(len(hub))

    app = web.Application()
    app.router.add_get("/desk", hub.follow)
    app.router.add_get("/desks", count)
    app.router.add_post("/say", say)
    return app


async def main(name: str, url: str) -> None:
    db = Database(url)
    await db.open()
    runner = web.AppRunner(make_app(RawHub() if name == "raw" else OurHub(db)), access_log=None)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
    await web.SockSite(runner, listening).start()
    print("ready", listening.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2]))

"""The contestants of ingest_durable, as `python -m benchmarks.ingest_servers NAME DATABASE`; each prints `ready PORT`.

- empty: an aiohttp handler that reads the body and answers 200: the limit
- single: checks the signature and keeps the message as we do, in a transaction to itself
- ours: the same with the writer's group commit, as an inlet does it
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import sys
from collections.abc import Awaitable, Callable

import uvloop
from aiohttp import web

from bridge.domain.times import utc_now
from bridge.store import arrivals, inboxes
from bridge.store.engine import Database

SECRET = b"benchmark"
KEY, SIGNATURE = "X-Key", "X-Signature"

Keep = Callable[[str, bytes], Awaitable[bool]]


def sign(body: bytes) -> str:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


async def answer_nothing(request: web.Request) -> web.Response:
    await request.read()
    return web.Response()


def answering(keep: Keep) -> Callable[[web.Request], Awaitable[web.Response]]:
    """200 only once the message is durable, whether it is new or came again."""

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        if not hmac.compare_digest(sign(body), request.headers.get(SIGNATURE, "")):
            return web.Response(status=403)
        await keep(request.headers[KEY], body)
        return web.Response()

    return answer


def keep_together(db: Database, inbox_id: str) -> Keep:
    return lambda key, body: db.write(arrivals.keep, inbox_id, key, body, utc_now())


def keep_singly(db: Database, inbox_id: str) -> Keep:
    alone = asyncio.Lock()

    async def keep(key: str, body: bytes) -> bool:
        async with alone:
            return await db.write(arrivals.keep, inbox_id, key, body, utc_now())

    return keep


async def main(name: str, url: str) -> None:
    db = Database(url)
    await db.open()
    inbox_id = (await db.write(inboxes.resolve_inbox, "benchmark", name)).id
    handlers = {
        "empty": answer_nothing,
        "single": answering(keep_singly(db, inbox_id)),
        "ours": answering(keep_together(db, inbox_id)),
    }
    app = web.Application()
    app.router.add_post("/", handlers[name])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print("ready", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2]))

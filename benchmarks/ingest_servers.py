"""The contestants of ingest_durable, as `python -m benchmarks.ingest_servers NAME DATABASE`; each prints `ready PORT`.

- empty: an aiohttp handler that reads the body and answers 200: the limit
- single: our inlet, with a transaction for each message
- ours: our inlet, with the writer's group commit, as `omniline serve` has it
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from typing import Any

import structlog
import uvloop
from aiohttp import web

from bridge.channels import signing
from bridge.channels.shop import SIGNATURE, ShopChannel
from bridge.channels.webhook import Inlet
from bridge.domain.times import utc_now
from bridge.secrets import InboxSecrets, inbox_name
from bridge.store import inboxes
from bridge.store.engine import Database

SECRET = "benchmark"
INBOX = ("shop", "benchmark")
PATH = "/hooks/{channel}/{inbox}"


def signed(body: bytes) -> str:
    """The header that a shop sends along."""
    return f"{SIGNATURE}: {signing.sign(body, SECRET)}"


async def answer_nothing(request: web.Request) -> web.StreamResponse:
    await request.read()
    return web.Response()


class SingleDatabase(Database):
    """One transaction after the other, each with one unit."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._alone = asyncio.Lock()

    async def write(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        async with self._alone:
            return await super().write(function, *args, **kwargs)


def inlet(db: Database) -> Inlet:
    secrets = {inbox_name(*INBOX): InboxSecrets(hook_secret=SECRET)}
    return Inlet(db, {"shop": ShopChannel("UA")}, secrets, lambda: None, utc_now)


async def main(name: str, url: str) -> None:
    # As `omniline serve` without --verbose; and nobody reads what stands on standard output.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    db = SingleDatabase(url) if name == "single" else Database(url)
    await db.open()
    await db.write(inboxes.resolve_inbox, *INBOX)
    app = web.Application()
    app.router.add_post(PATH, answer_nothing if name == "empty" else inlet(db))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print("ready", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2]))

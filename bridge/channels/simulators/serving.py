"""The server of a simulated provider, on this machine alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def serving(add_routes: Callable[[web.Application], None], port: int = 0) -> AsyncIterator[str]:
    """Its URL. What still hangs at the end is dropped."""
    app = web.Application()
    add_routes(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield "http://{}:{}".format(*runner.addresses[0][:2])
    finally:
        await runner.cleanup()

"""A site of the company's on an origin of its own, with the chat on it, under a strict content security policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bridge.store import inboxes
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.test_continuing import KNOWN, Story
from tests.e2e.desk.fake_desk import DIST
from tests.sqlite import migrated

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Kettles</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/site.css">
<script src="{desk}/chat/widget.js" data-inbox="site" data-cart="C-17" async></script>
</head><body><header><strong>Kettles &amp; Tea</strong><nav><a href="#">Shop</a> <a href="#">Delivery</a></nav></header>
<main><h1>Enamel kettle, 1.7 l</h1><p>Made in Lviv, for every stove. In five colours, with a lid that stays
where it is while you pour.</p><p class="price">1,299 ₴</p><button>Put into the cart</button></main></body></html>"""
# As hostile to what stands on the page as sites are.
STYLE = """* { font-family: serif !important; } div, p, button { color: #20252b; }
button { text-transform: uppercase; border: 2px solid; padding: 9px 20px; background: #fff }
html { font-size: 10px } body { margin: 0; font-size: 17px; line-height: 1.6; background: #f7f5f0; color: #20252b }
header { display: flex; justify-content: space-between; padding: 18px 24px; border-bottom: 1px solid #e4e0d7 }
main { max-width: 640px; padding: 24px } h1 { font-size: 34px; line-height: 1.2 } a { color: inherit } .price { font-size: 24px }
@media (prefers-color-scheme: dark) { body { background: #14181a } body, p, div, a, h1 { color: #e9edf0 } }"""


@dataclass
class Site:
    """`url` is the site's page; `running` our server, with agent 101 logged in over the API."""

    url: str
    running: ChannelServer

    async def answer(self, text: str) -> None:
        """To the newest conversation."""
        (*_, newest) = await self.running.read()
        body = {"text": text, "key": text}
        address = f"conversations/{newest.conversation_id}/messages"
        status, _ = await self.running.desk.ask("POST", address, body)
        assert status == 201

    async def make_link(self) -> str:
        """To the site's page, for somebody who has called."""
        story = Story(self.running)
        oksana = await story.server.add_customer("Oksana", KNOWN)
        _, call_id = await story.ring(KNOWN, oksana)
        url: str = (await story.offer("calls", call_id, "chat"))["url"]
        return url

    async def states(self) -> list[str]:
        return [entry.delivery.state.value for entry in await self.running.read() if entry.delivery]


@asynccontextmanager
async def chat_site(home: Path) -> AsyncIterator[Site]:
    desk = {"url": ""}

    async def show(_request: web.Request) -> web.Response:
        policy = (
            f"default-src 'none'; script-src {desk['url']}; style-src 'self'; "
            f"connect-src {desk['url']} {desk['url'].replace('http', 'ws')}; img-src 'self' data:"
        )
        page = PAGE.format(desk=desk["url"])
        return web.Response(text=page, content_type="text/html", headers={"Content-Security-Policy": policy})

    async def style(_request: web.Request) -> web.Response:
        return web.Response(text=STYLE, content_type="text/css")

    app = web.Application()
    app.add_routes([web.get("/", show), web.get("/site.css", style)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site = f"http://127.0.0.1:{runner.addresses[0][1]}"
    address = migrated(home / "omniline.sqlite3")
    (home / "web").symlink_to(DIST)
    try:
        async with channels_serving(address, home, site=site) as running:
            desk["url"] = running.server.url
            await running.server.db.write(inboxes.resolve_inbox, "chat", "site", f"{site}/")
            yield Site(f"{site}/", running)
    finally:
        await runner.cleanup()

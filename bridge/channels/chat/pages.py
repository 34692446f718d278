"""The widget's script, which any site may load, and a page to try it on."""

from __future__ import annotations

import html
from typing import Final

from aiohttp import web

from bridge.channels.chat.channel import NAME
from bridge.channels.fronts import FrontNeeds
from bridge.domain.catalogue import LANGUAGES, say
from bridge.errors import NotFound
from bridge.secrets import inbox_name

SCRIPT: Final = "widget.js"
_HEADERS: Final = {
    "Cache-Control": "public, max-age=600",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


class Pages:
    def __init__(self, needs: FrontNeeds) -> None:
        self._folder = needs.web / "chat"
        self._needs = needs

    def mount(self, app: web.Application) -> None:
        app.router.add_get(f"/chat/{SCRIPT}", self._get_script)
        app.router.add_get("/chat/demo.css", self._get_style)
        app.router.add_get("/chat/{inbox}/demo", self._get_demo)

    async def _get_script(self, _request: web.Request) -> web.StreamResponse:
        return self._file(SCRIPT)

    async def _get_style(self, _request: web.Request) -> web.StreamResponse:
        return self._file("demo.css")

    def _file(self, name: str) -> web.StreamResponse:
        path = self._folder / name
        if not path.is_file():
            raise NotFound("the widget is not built: run 'make run'")
        return web.FileResponse(path, headers=_HEADERS)

    async def _get_demo(self, request: web.Request) -> web.Response:
        """A page as a site of the company's might be, in the browser's language."""
        inbox, company = request.match_info["inbox"], self._needs.settings.company
        if inbox_name(NAME, inbox) not in self._needs.secrets:
            raise NotFound("no such inbox")
        wanted = request.headers.get("Accept-Language", "")[:2].lower()
        language = wanted if wanted in LANGUAGES else company.language
        words = {
            name: html.escape(say(f"demo.{name}", language))
            for name in ("title", "text", "cart", "item_1", "item_2", "total")
        }
        page = _DEMO.format(
            language=language,
            company=html.escape(company.name),
            inbox=html.escape(inbox),
            script=SCRIPT,
            **words,
        )
        return web.Response(text=page, content_type="text/html")


_DEMO: Final = """<!doctype html>
<html lang="{language}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>{company}</title>
    <link rel="stylesheet" href="/chat/demo.css" />
    <script src="/chat/{script}" data-inbox="{inbox}" data-cart="C-17" async></script>
  </head>
  <body>
    <header><strong>{company}</strong></header>
    <main>
      <h1>{title}</h1>
      <p>{text}</p>
      <table>
        <thead><tr><th colspan="2">{cart} C-17</th></tr></thead>
        <tbody>
          <tr><td>{item_1}</td><td>1 299,00 ₴</td></tr>
          <tr><td>{item_2}</td><td>189,00 ₴</td></tr>
        </tbody>
        <tfoot><tr><td>{total}</td><td>1 488,00 ₴</td></tr></tfoot>
      </table>
    </main>
  </body>
</html>
"""

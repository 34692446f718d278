"""The desk as a web page, its files, and the description of this API."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from bridge.desk import static
from bridge.desk.openapi import describe
from bridge.desk.route import API, Ask, Route


async def get_page(ask: Ask) -> web.StreamResponse:
    """The desk: one page, whatever the path; it asks for a login by itself."""
    return static.page(ask.services.web)


async def get_asset(ask: Ask) -> web.StreamResponse:
    """A file of the built desk."""
    return static.asset(ask.services.web / "assets", ask.path("name"))


async def get_openapi(ask: Ask) -> web.Response:
    """This description (OpenAPI 3.1)."""
    from bridge.desk.routes import ROUTES as EVERY_ROUTE

    return web.Response(body=describe(EVERY_ROUTE), content_type="application/json")


ROUTES: Final = (
    *(Route("GET", path, get_page, least=None, media="text/html") for path in static.PAGES),
    Route("GET", "/assets/{name:.+}", get_asset, least=None, media="application/octet-stream"),
    Route("GET", f"{API}/openapi.json", get_openapi, least=None),
)

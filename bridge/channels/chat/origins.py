"""Whose page asks, and from where: what a browser says of itself, and a proxy of ours of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aiohttp import web
from yarl import URL

from bridge.errors import Forbidden

_ORIGIN: Final = web.RequestKey("origin", str)


def check_origin(request: web.Request, sites: Sequence[str]) -> None:
    """Raises Forbidden for a page that is neither ours nor of one of the `sites`. It may read that it was refused."""
    origin = request[_ORIGIN] = request.headers.get("Origin", "")
    if request.method == "OPTIONS" or origin in sites:
        return
    try:
        is_ours = bool(origin) and URL(origin).authority == request.host
    except ValueError:
        is_ours = False
    # A page of ours that only reads names no origin.
    if not is_ours and (origin or request.headers.get("Sec-Fetch-Site") != "same-origin"):
        raise Forbidden("this site is not one of the inbox's")


async def allow_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Lets the page read the answer. No credentials: who it is stands in Authorization, never in a cookie."""
    origin = request.get(_ORIGIN)
    if not origin:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Vary"] = "Origin"
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, X-File-Name"
    response.headers["Access-Control-Max-Age"] = "7200"
    response.headers["Access-Control-Expose-Headers"] = "Retry-After"


def address_of(request: web.Request, proxies: Sequence[str]) -> str:
    """Of the browser, where a proxy of ours says so."""
    peer = request.remote or ""
    said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return said[:64] if said and peer in proxies else peer

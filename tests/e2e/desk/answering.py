"""How the fake desk server answers: JSON, and problem+json; and how its parts tell the desks of something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

Tell = Callable[[str, object], Awaitable[None]]


def answer(value: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")


def problem(status: int, detail: str) -> web.Response:
    body = msgspec.json.encode({"type": "about:blank", "title": detail, "status": status, "detail": detail})
    return web.Response(status=status, body=body, content_type="application/problem+json")

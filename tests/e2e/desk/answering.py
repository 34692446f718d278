"""How the fake desk server answers: JSON, and problem+json."""

from __future__ import annotations

import msgspec
from aiohttp import web


def answer(value: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")


def problem(status: int, detail: str) -> web.Response:
    body = msgspec.json.encode({"type": "about:blank", "title": detail, "status": status, "detail": detail})
    return web.Response(status=status, body=body, content_type="application/problem+json")

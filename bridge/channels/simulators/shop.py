"""A shop as Omniline sees it: it tells of orders and carts by signed webhooks, and takes the orders that agents add or change.

Faults are asked for one by one: each is that of the next order that is asked of it. It knows a request again by its key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
import msgspec
from aiohttp import web

from bridge.channels.simulators.faults import Fault, fail, lose_answer
from bridge.channels.simulators.serving import serving

SIGNATURE: Final = "X-Omniline-Signature"
RETRY_AFTER: Final = 7
FIRST_NUMBER: Final = 5001


@dataclass(slots=True)
class ShopSimulator:
    """`inbox` is its key, `orders` what it has by number; `asked` counts the requests that came."""

    inbox: str
    secret: str
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: deque[Fault] = field(default_factory=deque)
    asked: int = 0
    url: str = ""
    hook: str = ""

    def add_routes(self, app: web.Application, prefix: str = "") -> None:
        app.router.add_post(f"{prefix}/{self.inbox}/orders", self._take)

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[ShopSimulator]:
        """Serves on this machine; orders are taken at `url`/<inbox>/orders."""
        async with serving(self.add_routes, port) as self.url:
            yield self

    async def post(self, body: bytes) -> int:
        """Send a webhook; the status that it is answered with."""
        headers = {SIGNATURE: self._sign(body), "Content-Type": "application/json"}
        async with (
            aiohttp.ClientSession() as http,
            http.post(self.hook, data=body, headers=headers) as answer,
        ):
            return answer.status

    def change(self, number: str, status: str, **more: Any) -> bytes:
        """The webhook of an order that is in another status now; what else is given makes it, or changes it."""
        line = self.orders.setdefault(number, {"order": number, "currency": "UAH", "items": [], "total": 0})
        line |= {**more, "status": status, "at": _now()}
        return msgspec.json.encode(line)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        body = await request.read()
        if request.headers.get(SIGNATURE) != self._sign(body):
            return web.json_response({"error": "wrong signature"}, status=403)
        fault = self.faults.popleft() if self.faults else None
        if refused := _fail(fault):
            return refused
        asked = msgspec.json.decode(body)
        key = request.headers["Idempotency-Key"]
        if key not in self.answers:
            number = asked["order"] or str(FIRST_NUMBER + len(self.orders))
            known = self.orders.get(
                number, {"status": "unpaid", "url": f"https://shop.example/orders/{number}"}
            )
            given = {name: asked[name] for name in ("customer", "items", "total", "currency")}
            if asked["status"]:
                given["status"] = asked["status"]
            self.orders[number] = self.answers[key] = {**known, **given, "order": number, "at": _now()}
        return await lose_answer(request, fault) or web.json_response(self.answers[key])

    def _sign(self, body: bytes) -> str:
        return base64.b64encode(hmac.digest(self.secret.encode(), body, hashlib.sha256)).decode()


def _fail(fault: Fault | None) -> web.Response | None:
    return fail(
        fault,
        busy=lambda: web.Response(status=429, headers={"Retry-After": str(RETRY_AFTER)}),
        broken=lambda: web.Response(status=500),
        blocked=lambda: web.Response(status=422, text="this customer may not order"),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat()

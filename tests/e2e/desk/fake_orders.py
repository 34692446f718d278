"""The part of the fake desk server that asks a shop for orders: it takes what has no note, and refuses what has one."""

from __future__ import annotations

import itertools

import msgspec
from aiohttp import web

from bridge.domain.ids import new_id
from bridge.domain.order import OrderItem, OrderRequest, OrderStatus, RequestState
from bridge.domain.times import iso, utc_now
from tests.e2e.desk.answering import answer
from tests.e2e.desk.people import AGENT_NAME


class FakeOrders:
    """`asked` is what was asked for, in order."""

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []
        self._requests: dict[str, list[OrderRequest]] = {}
        self._numbers = itertools.count(5001)

    def routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/shops", self._shops),
            web.post(f"{api}/customers/{{id}}/orders", self._ask),
            web.get(f"{api}/customers/{{id}}/order_requests", self._list),
        ]

    async def _shops(self, _: web.Request) -> web.Response:
        return answer({"items": ["main"], "currency": "UAH", "next": None})

    async def _list(self, request: web.Request) -> web.Response:
        return answer({"items": self._requests.get(request.match_info["id"], []), "next": None})

    async def _ask(self, request: web.Request) -> web.Response:
        given, customer_id = await request.json(), request.match_info["id"]
        self.asked.append(given)
        is_refused = given["comment"] != ""
        asked = OrderRequest(
            **{name: given[name] for name in ("shop", "total", "currency", "comment")},
            id=new_id(),
            items=msgspec.convert(given["items"], list[OrderItem]),
            order=given["order"] if is_refused else given["order"] or str(next(self._numbers)),
            status=given["status"] and OrderStatus(given["status"]),
            state=RequestState.REFUSED if is_refused else RequestState.PLACED,
            reason="the shop answers 422: this customer may not order" if is_refused else "",
            by=AGENT_NAME,
            at=iso(utc_now()),
        )
        self._requests.setdefault(customer_id, []).insert(0, asked)
        return answer(asked, status=201)

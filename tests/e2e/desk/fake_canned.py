"""The part of the fake desk server that keeps canned answers."""

from __future__ import annotations

from aiohttp import web

from bridge.domain.canned import CannedAnswer
from tests.e2e.desk.answering import answer

CANNED = [
    CannedAnswer(
        id="canned-1",
        title="Оплата при отриманні",
        text="{customer.name}, ваше замовлення {order.number} можна оплатити при отриманні.",
    ),
    CannedAnswer(id="canned-2", title="Повернення", text="Повернути товар можна протягом 14 днів."),
]


class FakeCanned:
    def __init__(self) -> None:
        self.all = list(CANNED)

    def routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/canned_answers", self._list),
            web.post(f"{api}/canned_answers", self._save),
            web.put(f"{api}/canned_answers/{{id}}", self._save),
            web.delete(f"{api}/canned_answers/{{id}}", self._drop),
        ]

    async def _list(self, _: web.Request) -> web.Response:
        return answer({"items": self.all, "next": None})

    async def _save(self, request: web.Request) -> web.Response:
        given = await request.json()
        saved = CannedAnswer(id=request.match_info.get("id") or f"canned-{len(self.all) + 1}", **given)
        self.all = [each for each in self.all if each.id != saved.id] + [saved]
        return answer(saved, 201)

    async def _drop(self, request: web.Request) -> web.Response:
        self.all = [each for each in self.all if each.id != request.match_info["id"]]
        return web.Response(status=204)

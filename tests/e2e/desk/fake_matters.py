"""The part of the fake desk server that keeps Olena's matters and promises."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from aiohttp import web

from bridge.domain.ids import new_id
from bridge.domain.matter import Matter, MatterLink, MatterState, Promise, PromiseState, Rule, Thing
from bridge.domain.times import iso, utc_now
from tests.e2e.desk.answering import answer
from tests.e2e.desk.people import AGENT_NAME, OLENA, before


def link(thing: Thing, about: str, **ago: float) -> MatterLink:
    return MatterLink(
        id=new_id(),
        thing=thing,
        thing_id=new_id(),
        rule=Rule.HAND,
        by="system",
        at=before(utc_now(), **ago),
        about=about,
    )


def matters() -> list[Matter]:
    now = utc_now()
    return [
        Matter(
            id="01900000-0000-7000-b000-000000000001",
            customer_id=OLENA.id,
            title="Чайник не оплачено: картка не проходить",
            state=MatterState.WAITING_US,
            opened_at=before(now, hours=2),
            touched_at=before(now, minutes=18),
            links=[
                link(Thing.ORDER, "#20481", minutes=18),
                link(Thing.CONVERSATION, "Оплата замовлення", hours=2),
            ],
        ),
        Matter(
            id="01900000-0000-7000-b000-000000000002",
            customer_id=OLENA.id,
            title="Заміна розбитої чашки",
            state=MatterState.SETTLED,
            opened_at=before(now, days=40),
            touched_at=before(now, days=31),
            links=[link(Thing.CALL, "+380501234567", days=31)],
        ),
    ]


def promises() -> list[Promise]:
    now = utc_now()
    return [
        Promise(
            id="01900000-0000-7000-b000-000000000003",
            customer_id=OLENA.id,
            text="Надіслати нове посилання на оплату",
            state=PromiseState.OPEN,
            made_by=AGENT_NAME,
            made_at=before(now, hours=2),
            due_at=iso(now + timedelta(hours=3)),
        )
    ]


class FakeMatters:
    """`of(customer_id)` is what the card and the customer page show."""

    def __init__(self) -> None:
        self.matters = {each.id: each for each in matters()}
        self.promises = {each.id: each for each in promises()}

    def routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.post(f"{api}/customers/{{id}}/matters", self._open),
            web.patch(f"{api}/matters/{{id}}", self._change),
            web.post(f"{api}/matters/{{id}}/links", self._link),
            web.post(f"{api}/customers/{{id}}/promises", self._promise),
            web.post(f"{api}/promises/{{id}}", self._end),
        ]

    def of(self, customer_id: str | None) -> dict[str, Any]:
        ours = [each for each in self.matters.values() if each.customer_id == customer_id]
        open_ones = [each for each in self.promises.values() if each.state is PromiseState.OPEN]
        return {
            "matters": sorted(ours, key=lambda each: each.state is MatterState.SETTLED),
            "promises": [each for each in open_ones if each.customer_id == customer_id],
        }

    async def _open(self, request: web.Request) -> web.Response:
        given, at = await request.json(), iso(utc_now())
        matter = Matter(
            id=new_id(),
            customer_id=request.match_info["id"],
            title=given["title"],
            state=MatterState.OPEN,
            opened_at=at,
            touched_at=at,
        )
        return self._keep(matter)

    async def _change(self, request: web.Request) -> web.Response:
        state = MatterState((await request.json())["state"])
        return self._keep(msgspec.structs.replace(self.matters[request.match_info["id"]], state=state))

    async def _link(self, request: web.Request) -> web.Response:
        given, matter = await request.json(), self.matters[request.match_info["id"]]
        new = msgspec.structs.replace(link(Thing(given["thing"]), ""), thing_id=given["thing_id"])
        return self._keep(msgspec.structs.replace(matter, links=[*matter.links, new]))

    async def _promise(self, request: web.Request) -> web.Response:
        given = await request.json()
        made = Promise(
            id=new_id(),
            customer_id=request.match_info["id"],
            text=given["text"],
            state=PromiseState.OPEN,
            made_by=AGENT_NAME,
            made_at=iso(utc_now()),
            due_at=given["due_at"],
            call_id=given["call_id"],
        )
        self.promises[made.id] = made
        return answer(made, 201)

    async def _end(self, request: web.Request) -> web.Response:
        promise, state = self.promises[request.match_info["id"]], (await request.json())["state"]
        self.promises[promise.id] = msgspec.structs.replace(promise, state=PromiseState(state))
        return answer(self.promises[promise.id])

    def _keep(self, matter: Matter) -> web.Response:
        self.matters[matter.id] = matter
        return answer(matter)

"""The part of the fake desk server where admins try what phones show."""

from __future__ import annotations

import msgspec
from aiohttp import web

from bridge.desk.answers import PhoneLine, RungLine
from bridge.domain.agent import Agent
from bridge.domain.phone import ALL_RUNGS, PROFILES
from bridge.domain.times import iso, utc_now
from tests.e2e.desk.answering import answer, problem
from tests.e2e.desk.people import before


def phones() -> list[PhoneLine]:
    """One of which all was seen, one of which a rung was not shown, one that nobody tried."""

    def line(extension: str, who: str, profile: str, *, registered: bool, **seen: bool) -> PhoneLine:
        on = {"name", "desk", *PROFILES[profile]}
        at = before(utc_now(), hours=2)
        rungs = [
            RungLine(
                rung=rung,
                on=rung in on,
                shown=seen.get(rung),
                at=at if rung in seen else None,
                by="Оксана Гриценко" if rung in seen else None,
            )
            for rung in ALL_RUNGS
        ]
        return PhoneLine(
            agent_id=f"agent-{extension}",
            extension=extension,
            name=who,
            profile=profile,
            registered=registered,
            rungs=rungs,
        )

    return [
        line("101", "Андрій Мельник", "microsip", registered=True, name=True, message=False),
        line("102", "Марія Ткач", "linphone", registered=True, name=True, message=True, desk=True),
        line("103", "Оксана Гриценко", "desk-phone", registered=False),
    ]


class FakePhones:
    """`tested` are the extensions that rang for a test."""

    def __init__(self, agent: Agent) -> None:
        self.all = {each.agent_id: each for each in phones()}
        self.tested: list[str] = []
        self._agent = agent

    def routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/phones", self._list),
            web.post(f"{api}/phones/{{id}}/test_call", self._test_call),
            web.post(f"{api}/phones/{{id}}/proofs", self._save_proof),
        ]

    async def _list(self, _: web.Request) -> web.Response:
        return answer({"items": list(self.all.values()), "next": None})

    async def _test_call(self, request: web.Request) -> web.Response:
        phone = self.all[request.match_info["id"]]
        if not phone.registered:
            return problem(409, "this phone is not registered")
        self.tested.append(phone.extension)
        return web.Response(status=204)

    async def _save_proof(self, request: web.Request) -> web.Response:
        phone, given = self.all[request.match_info["id"]], await request.json()
        seen = {"shown": given["shown"], "at": iso(utc_now()), "by": self._agent.name}
        rungs = [
            msgspec.structs.replace(each, **seen) if each.rung == given["rung"] else each
            for each in phone.rungs
        ]
        self.all[phone.agent_id] = msgspec.structs.replace(phone, rungs=rungs)
        return answer(self.all[phone.agent_id])

"""The part of the fake desk server that keeps what Olena has said of being written to."""

from __future__ import annotations

from aiohttp import web

from bridge.domain.consent import Consent, Purpose
from bridge.domain.ids import new_id
from bridge.domain.times import iso, utc_now
from tests.e2e.desk.answering import answer
from tests.e2e.desk.people import AGENT_NAME, OLENA, before


class FakeConsents:
    def __init__(self) -> None:
        said = Consent(
            id=new_id(),
            channel="telegram",
            purpose=Purpose.MARKETING,
            granted=False,
            at=before(utc_now(), hours=2),
            words="стоп",
            by="system",
            entry_id=new_id(),
        )
        self.of = {OLENA.id: [said]}

    def routes(self, api: str) -> list[web.RouteDef]:
        path = f"{api}/customers/{{id}}/consents"
        return [web.get(path, self._list), web.post(path, self._add)]

    async def _list(self, request: web.Request) -> web.Response:
        return answer({"items": self.of.get(request.match_info["id"], []), "next": None})

    async def _add(self, request: web.Request) -> web.Response:
        kept = Consent(**await request.json(), id=new_id(), at=iso(utc_now()), by=AGENT_NAME)
        self.of.setdefault(request.match_info["id"], []).insert(0, kept)
        return answer(kept, status=201)

"""The part of the fake desk server that keeps the calls that nobody answered."""

from __future__ import annotations

import msgspec
from aiohttp import web

from bridge.domain.agent import Agent
from bridge.domain.work import WorkChange, WorkItem
from tests.e2e.desk.answering import Tell, answer
from tests.e2e.desk.calls import open_work


class FakeWorklist:
    """By the key of the work."""

    def __init__(self, agent: Agent, tell: Tell) -> None:
        self.all = {each.key: each for each in open_work()}
        self._agent = agent
        self._tell = tell

    def routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/worklist", self._list),
            web.post(f"{api}/calls/{{id}}/{{verb:take|release}}", self._give),
            web.post(f"{api}/calls/{{id}}/handled", self._finish),
        ]

    async def miss(self, item: WorkItem) -> None:
        """Somebody was not answered."""
        self.all[item.key] = item
        await self._tell("work", WorkChange(key=item.key, item=item))

    async def handle(self, key: str) -> None:
        """A colleague has dealt with it."""
        del self.all[key]
        await self._tell("work", WorkChange(key=key, item=None))

    async def _list(self, _: web.Request) -> web.Response:
        newest = sorted(self.all.values(), key=lambda item: item.call.started_at, reverse=True)
        return answer({"items": newest, "next": None})

    def _of(self, request: web.Request) -> WorkItem:
        return next(item for item in self.all.values() if item.call.id == request.match_info["id"])

    async def _give(self, request: web.Request) -> web.Response:
        item, taken = self._of(request), request.match_info["verb"] == "take"
        owner = {"owner_id": self._agent.id, "owner": self._agent.name} if taken else {}
        given = msgspec.structs.replace(item.call, **({"owner_id": None, "owner": None} | owner))
        await self.miss(msgspec.structs.replace(item, call=given))
        return answer(self.all[item.key])

    async def _finish(self, request: web.Request) -> web.Response:
        await self.handle(self._of(request).key)
        return web.Response(status=204)

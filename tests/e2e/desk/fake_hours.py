"""The part of the fake desk server that keeps when the company works, and who takes what."""

from __future__ import annotations

import msgspec
from aiohttp import web

from bridge.domain.agent import Agent
from bridge.domain.calendar import Calendar, Holiday, Span
from bridge.domain.duty import Duty, InboxRule
from tests.e2e.desk.answering import answer

WORKDAY = (Span("09:00", "13:00"), Span("14:00", "18:00"))


class FakeHours:
    def __init__(self, team: list[Agent]) -> None:
        self.calendar = Calendar("Europe/Kyiv", (*(WORKDAY,) * 5, (), ()), (Holiday("2026-12-25", "Різдво"),))
        self.rules = {
            each.inbox_id: each
            for each in (
                InboxRule(inbox_id="inbox-1", channel="email", key="support@sample.example", away=True),
                InboxRule(inbox_id="inbox-2", channel="telegram", key="svitlo_bot", skill="продажі"),
            )
        }
        self.duties = {
            each.id: Duty(
                agent_id=each.id, name=each.name, capacity=3, skills=["продажі"], languages=["uk", "ru"]
            )
            for each in team
        }

    def routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/calendar", self._get_calendar),
            web.put(f"{api}/calendar", self._save_calendar),
            web.get(f"{api}/inbox_rules", self._rules),
            web.put(f"{api}/inbox_rules/{{id}}", self._save_rule),
            web.get(f"{api}/duties", self._duties),
            web.put(f"{api}/duties/{{id}}", self._save_duty),
        ]

    async def _get_calendar(self, _: web.Request) -> web.Response:
        return answer(self.calendar)

    async def _save_calendar(self, request: web.Request) -> web.Response:
        self.calendar = msgspec.convert(await request.json(), Calendar)
        return answer(self.calendar)

    async def _rules(self, _: web.Request) -> web.Response:
        return answer({"items": list(self.rules.values()), "next": None})

    async def _save_rule(self, request: web.Request) -> web.Response:
        found = self.rules[request.match_info["id"]]
        self.rules[found.inbox_id] = msgspec.structs.replace(found, **await request.json())
        return answer(self.rules[found.inbox_id])

    async def _duties(self, _: web.Request) -> web.Response:
        return answer({"items": list(self.duties.values()), "next": None})

    async def _save_duty(self, request: web.Request) -> web.Response:
        found = self.duties[request.match_info["id"]]
        self.duties[found.agent_id] = msgspec.structs.replace(found, **await request.json())
        return answer(self.duties[found.agent_id])

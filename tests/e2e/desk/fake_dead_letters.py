"""The part of the fake desk server that keeps work that failed."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from bridge.domain.dead_letter import DeadLetter
from bridge.domain.times import iso, utc_now
from tests.e2e.desk.answering import answer


def dead_letters() -> list[DeadLetter]:
    """Newest first: one whose reason is long, one in two lines."""
    reasons = (
        (
            "receive",
            "InvalidInput: body: Expected `object`, got `array` - at `$.message.entities[3].custom_emoji_id`",
        ),
        (
            "transcribe",
            "ValueError: not enough values to unpack (expected 2, got 1)\nwhile it read the caller's side",
        ),
    )
    return [
        DeadLetter(
            id=f"01990000-0000-7000-8000-0000000000d{number}",
            group="receiver" if topic == "receive" else "transcriber",
            topic=topic,
            key=f"01990000-0000-7000-8000-0000000000c{number}",
            created_at=iso(utc_now() - timedelta(minutes=50 * number + 8)),
            died_at=iso(utc_now() - timedelta(minutes=50 * number + 7)),
            tries=3,
            reason=reason,
            payload={},
        )
        for number, (topic, reason) in enumerate(reasons)
    ]


class FakeDeadLetters:
    def __init__(self) -> None:
        self.all = dead_letters()

    def routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/dead_letters", self._list),
            web.post(f"{api}/dead_letters/{{id}}/retry", self._end),
            web.delete(f"{api}/dead_letters/{{id}}", self._end),
        ]

    async def _list(self, _: web.Request) -> web.Response:
        return answer({"items": self.all, "next": None})

    async def _end(self, request: web.Request) -> web.Response:
        self.all = [letter for letter in self.all if letter.id != request.match_info["id"]]
        return web.Response(status=204)

"""The part of the fake desk server where admins keep inboxes and webhooks."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from aiohttp import web

from bridge.desk.answers import Channel
from bridge.domain.times import iso, utc_now
from bridge.domain.webhook import EventType, Webhook, WebhookState
from tests.e2e.desk.answering import answer


def channel(name: str, key: str, address: str, **fields: object) -> Channel:
    given = {"state": "active", "last_error": None, "has_token": True, "hook": None} | fields
    return msgspec.convert(
        {"id": f"{name}-{key}", "channel": name, "key": key, "address": address, **given}, Channel
    )


def channels() -> list[Channel]:
    hooks = "https://desk.svitlyi-dim.example/hooks"
    return [
        channel("email", "support@sample.example", "support@sample.example", has_token=False),
        channel("shop", "main", "", hook=f"{hooks}/shop/main", has_token=False),
        channel("telegram", "bot", "@svitlo_bot", hook=f"{hooks}/telegram/bot", last_error="Unauthorized"),
        channel(
            "whatsapp",
            "106540352242922",
            "+380445450100",
            hook=f"{hooks}/whatsapp/106540352242922",
            state="paused",
        ),
    ]


def webhooks() -> list[Webhook]:
    now = utc_now()
    return [
        Webhook(
            id="webhook-1",
            url="https://crm.svitlyi-dim.example/omniline",
            events=[EventType.CALL, EventType.MESSAGE],
            state=WebhookState.ACTIVE,
            told_at=iso(now - timedelta(minutes=2)),
        ),
        Webhook(
            id="webhook-2",
            url="https://warehouse.svitlyi-dim.example/events?source=omniline",
            events=[EventType.ORDER],
            state=WebhookState.ACTIVE,
            last_error="the connection was refused",
            failing_since=iso(now - timedelta(hours=3)),
        ),
    ]


class FakeChannels:
    """`tokens` are those that were set, by the inbox."""

    def __init__(self) -> None:
        self.all = {each.id: each for each in channels()}
        self.webhooks = webhooks()
        self.tokens: dict[str, str] = {}

    def routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/channels", self._list),
            web.put(f"{api}/channels/{{id}}/token", self._set_token),
            web.get(f"{api}/webhooks", self._list_webhooks),
        ]

    async def _list(self, _: web.Request) -> web.Response:
        kinds = ["chat", "shop", "telegram", "whatsapp"]
        return answer({"items": list(self.all.values()), "kinds": kinds, "next": None})

    async def _set_token(self, request: web.Request) -> web.Response:
        found = self.all[request.match_info["id"]]
        self.tokens[found.id] = (await request.json())["token"]
        self.all[found.id] = msgspec.structs.replace(found, has_token=True)
        return answer(self.all[found.id])

    async def _list_webhooks(self, _: web.Request) -> web.Response:
        return answer({"items": self.webhooks, "next": None})

"""Meta's Graph API as a WhatsApp number sees it: messages, media, templates, and the webhooks that it sends, signed.

What is sent to it has states, which it tells of when it is asked to. Faults are asked for one by one: each is that of the
next message that is sent to it, None for one without.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import msgspec
from aiohttp import web

from bridge.channels.simulators.faults import Fault, fail, lose_answer
from bridge.channels.simulators.serving import serving

SIGNATURE: Final = "X-Hub-Signature-256"
RETRY_AFTER: Final = 7
ACCOUNT: Final = "102290129340398"
WINDOW_SECONDS: Final = 24 * 3600
TEMPLATES: Final = (
    {
        "name": "go_on",
        "language": "en",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hello {{1}}, may we go on about {{2}}?"}],
    },
    {
        "name": "sale",
        "language": "en",
        "status": "APPROVED",
        "category": "MARKETING",
        "components": [{"type": "BODY", "text": "A sale for {{name}}"}],
    },
    {"name": "waits", "language": "en", "status": "PENDING", "components": [{"type": "BODY", "text": "x"}]},
    {
        "name": "picture",
        "language": "en",
        "status": "APPROVED",
        "components": [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "x"}],
    },
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a person has got: `body` is all that was asked for."""

    id: str
    to: str
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        text: str = self.body.get("text", {}).get("body", "")
        return text


@dataclass(slots=True)
class WhatsAppSimulator:
    """`number` is the number's id, `secret` the app's. `wrote_at` says when each person wrote last (seconds since 1970)."""

    number: str
    token: str
    secret: str
    sent: list[Sent] = field(default_factory=list)
    faults: deque[Fault | None] = field(default_factory=deque)
    wrote_at: dict[str, float] = field(default_factory=dict)
    media: dict[str, bytes] = field(default_factory=dict)
    asked: int = 0
    url: str = ""
    hook: str = ""
    heard: Callable[[Sent], None] | None = None
    """Is told of each message that a person has got."""
    _last: int = 0

    def add_routes(self, app: web.Application, prefix: str = "") -> None:
        app.router.add_get(f"{prefix}/{self.number}", self._health)
        app.router.add_get(f"{prefix}/{ACCOUNT}/message_templates", self._templates)
        app.router.add_post(f"{prefix}/{self.number}/messages", self._take)
        app.router.add_post(f"{prefix}/{self.number}/media", self._upload)
        app.router.add_get(f"{prefix}/{{media}}", self._find_media)
        app.router.add_get(f"{prefix}/files/{{media}}", self._give_media)

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[WhatsAppSimulator]:
        """Serves on this machine; `url` is that of the Graph API."""
        async with serving(self.add_routes, port) as self.url:
            yield self

    async def subscribe(self, verify_token: str) -> bool:
        """Ask the webhook whether it is ours, as Meta does when it is set."""
        query = {"hub.mode": "subscribe", "hub.verify_token": verify_token, "hub.challenge": "1158201444"}
        async with aiohttp.ClientSession() as http, http.get(self.hook, params=query) as answer:
            return answer.status == 200 and await answer.text() == "1158201444"

    async def post(self, body: bytes) -> int:
        """Send a webhook; the status that it is answered with."""
        signature = hmac.digest(self.secret.encode(), body, hashlib.sha256).hex()
        headers = {SIGNATURE: f"sha256={signature}", "Content-Type": "application/json"}
        async with (
            aiohttp.ClientSession() as http,
            http.post(self.hook, data=body, headers=headers) as answer,
        ):
            return answer.status

    def write(self, person: str, name: str, text: str, *, ago: float = 0) -> bytes:
        """The webhook of a text that `person` (digits, or an id without a number) wrote `ago` seconds ago."""
        self._last += 1
        wrote_at = self.wrote_at[person] = time.time() - ago
        digits = person.isdecimal()
        contact = {"profile": {"name": name}, ("wa_id" if digits else "user_id"): person}
        message = {
            ("from" if digits else "from_user_id"): person,
            "id": f"wamid.in{self._last}",
            "timestamp": str(int(wrote_at)),
            "type": "text",
            "text": {"body": text},
        }
        return self.body(contacts=[contact], messages=[message])

    def tell(self, sent: Sent, *states: str, error: Mapping[str, Any] | None = None) -> bytes:
        """The webhook of what became of a message."""
        status = {
            "id": sent.id,
            "timestamp": str(int(time.time())),
            "recipient_id": sent.to,
            "biz_opaque_callback_data": sent.body.get("biz_opaque_callback_data", ""),
            **({"errors": [error]} if error else {}),
        }
        return self.body(statuses=[status | {"status": state} for state in states])

    def body(self, **value: Any) -> bytes:
        meta = {"display_phone_number": "15550783881", "phone_number_id": self.number}
        whole = {"messaging_product": "whatsapp", "metadata": meta, **value}
        entry = {"id": ACCOUNT, "changes": [{"value": whole, "field": "messages"}]}
        return msgspec.json.encode({"object": "whatsapp_business_account", "entry": [entry]})

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        fault = self.faults.popleft() if self.faults else None
        asked = await request.json()
        refused = self._refuse(request) or _fail(fault) or self._refuse_message(asked)
        if refused is not None:
            return refused
        self._last += 1
        sent = Sent(f"wamid.out{self._last}", _to(asked), asked)
        self.sent.append(sent)
        if self.heard is not None:
            self.heard(sent)
        answer = {"messaging_product": "whatsapp", "messages": [{"id": sent.id}]}
        return await lose_answer(request, fault) or web.json_response(answer)

    def _refuse_message(self, asked: Mapping[str, Any]) -> web.Response | None:
        if not _to(asked):
            return _failed(400, 131009, "Parameter value is not valid")
        if asked["type"] != "template" and self.wrote_at.get(_to(asked), 0) < time.time() - WINDOW_SECONDS:
            return _failed(400, 131047, "Re-engagement message")
        return None

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        if refused := self._refuse(request):
            return refused
        given = (await request.post())["file"]
        if not isinstance(given, web.FileField):
            return _failed(400, 131009, "Parameter value is not valid")
        self._last += 1
        self.media[f"media{self._last}"] = given.file.read()
        return web.json_response({"id": f"media{self._last}"})

    async def _find_media(self, request: web.Request) -> web.StreamResponse:
        media = request.match_info["media"]
        if media not in self.media:
            return _failed(400, 100, "Unsupported get request")
        return self._refuse(request) or web.json_response({"id": media, "url": f"{self.url}/files/{media}"})

    async def _give_media(self, request: web.Request) -> web.StreamResponse:
        return self._refuse(request) or web.Response(body=self.media[request.match_info["media"]])

    async def _health(self, request: web.Request) -> web.StreamResponse:
        parts = [{"entity_type": "PHONE_NUMBER", "id": self.number}, {"entity_type": "WABA", "id": ACCOUNT}]
        answer = {"id": self.number, "health_status": {"can_send_message": "AVAILABLE", "entities": parts}}
        return self._refuse(request) or web.json_response(answer)

    async def _templates(self, request: web.Request) -> web.StreamResponse:
        return self._refuse(request) or web.json_response({"data": TEMPLATES})

    def _refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Bearer {self.token}":
            return None
        return _failed(401, 190, "Invalid OAuth access token.")


def _to(asked: Mapping[str, Any]) -> str:
    to: str = asked.get("to") or asked.get("recipient") or ""
    return to


def _fail(fault: Fault | None) -> web.Response | None:
    return fail(
        fault,
        busy=lambda: _failed(429, 130429, "Rate limit hit", headers={"Retry-After": str(RETRY_AFTER)}),
        broken=lambda: _failed(500, 131000, "Something went wrong"),
        blocked=lambda: _failed(400, 131026, "Message undeliverable"),
    )


def _failed(status: int, code: int, title: str, headers: Mapping[str, str] | None = None) -> web.Response:
    error = {"message": f"(#{code}) {title}", "type": "OAuthException", "code": code}
    return web.json_response({"error": error}, status=status, headers=headers)

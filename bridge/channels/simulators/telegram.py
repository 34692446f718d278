"""Telegram as a bot sees it: its Bot API (setWebhook, sendMessage) and the webhooks that it sends, with their secret.

An update is sent until it is answered with 200, as Telegram does. Faults are asked for one by one: each is that of the next
message that is sent to it.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import aiohttp
import msgspec
from aiohttp import web

from bridge.channels.simulators.faults import Fault, deliver, lose_answer

SECRET: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
RETRY_AFTER: Final = 7


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a person has got from the bot."""

    chat_id: int
    text: str


@dataclass(slots=True)
class TelegramSimulator:
    """`sent` is what people have got, in order; `asked` counts the messages that came, with those that were not taken."""

    token: str
    sent: list[Sent] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    asked: int = 0
    url: str = ""
    hook: str = ""
    secret: str = ""
    _last_id: int = 0

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[TelegramSimulator]:
        """Serves on this machine; `url` is that of the Bot API."""
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._answer)
        # What hangs in SILENT is dropped.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.url = "http://{}:{}".format(*runner.addresses[0][:2])
        try:
            yield self
        finally:
            await runner.cleanup()

    async def deliver(
        self,
        updates: Sequence[bytes],
        *,
        repeat: int = 1,
        disorder: random.Random | None = None,
        drop: float = 0.0,
        tries: int = 20,
    ) -> None:
        """Send updates to the webhook, each `repeat` times, shuffled by `disorder`, which also drops that share of the answers.

        Raises ConnectionError for one that was not answered with 200 in `tries` tries.
        """
        async with aiohttp.ClientSession() as http:
            post = partial(self._post, http)
            await deliver(post, updates, repeat=repeat, disorder=disorder, drop=drop, tries=tries)

    async def _post(self, http: aiohttp.ClientSession, body: bytes) -> int:
        headers = {SECRET: self.secret, "Content-Type": "application/json"}
        async with http.post(self.hook, data=body, headers=headers) as answer:
            return answer.status

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != self.token:
            return _failed(401, "Unauthorized")
        given = {name: str(value) for name, value in (await request.post()).items()}
        match request.match_info["method"].lower():
            case "sendmessage":
                return await self._send_message(request, given)
            case "setwebhook":
                self.hook, self.secret = given["url"], given.get("secret_token", "")
                return _done(result=True)
        return _failed(404, "Not Found")

    async def _send_message(self, request: web.Request, given: Mapping[str, str]) -> web.StreamResponse:
        self.asked += 1
        match fault := self.faults.popleft() if self.faults else None:
            case Fault.BUSY:
                description = f"Too Many Requests: retry after {RETRY_AFTER}"
                return _failed(429, description, parameters={"retry_after": RETRY_AFTER})
            case Fault.BROKEN:
                return _failed(500, "Internal Server Error")
            case Fault.BLOCKED:
                return _failed(403, "Forbidden: bot was blocked by the user")
        if not 0 < len(given.get("text", "")) <= 4096:
            return _failed(400, "Bad Request: message is too long")
        chat_id = int(given["chat_id"])
        self._last_id += 1
        self.sent.append(Sent(chat_id, given["text"]))
        lost = await lose_answer(request, fault)
        chat = {"id": chat_id, "type": "private"}
        return lost or _done({"message_id": self._last_id, "date": 1, "chat": chat, "text": given["text"]})


def _done(result: Any) -> web.Response:
    return web.Response(
        body=msgspec.json.encode({"ok": True, "result": result}), content_type="application/json"
    )


def _failed(status: int, description: str, **more: Any) -> web.Response:
    body = {"ok": False, "error_code": status, "description": description, **more}
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")

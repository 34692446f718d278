"""Telegram as a bot sees it: its Bot API, the webhooks that it sends with their secret, and the news that it is asked for.

An update is sent until it is answered with 200, or given to whoever asks until they have shown that they have it, as Telegram
does. Faults are asked for one by one: each is that of the next message that is sent to it, None for one without.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import aiohttp
import msgspec
from aiohttp import web

from bridge.channels.simulators.faults import Fault, deliver, fail, lose_answer
from bridge.channels.simulators.serving import serving

SECRET: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
RETRY_AFTER: Final = 7
BOT: Final = "shop_bot"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a person has got from the bot, or over its `connection` from a business account; `file` is its name."""

    chat_id: int
    text: str
    connection: str = ""
    file: str = ""


@dataclass(slots=True)
class TelegramSimulator:
    """`sent` is what people have got, in order; `asked` counts the messages that came, with those that were not taken.

    `files` by their ids; `waiting` are the updates for whoever asks.
    """

    token: str
    sent: list[Sent] = field(default_factory=list)
    faults: deque[Fault | None] = field(default_factory=deque)
    files: dict[str, bytes] = field(default_factory=dict)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    url: str = ""
    hook: str = ""
    secret: str = ""
    _last_id: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def add_routes(self, app: web.Application, prefix: str = "") -> None:
        app.router.add_route("*", f"{prefix}/bot{{token}}/{{method}}", self._answer)
        app.router.add_get(f"{prefix}/file/bot{{token}}/{{file}}", self._give_file)

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[TelegramSimulator]:
        """Serves on this machine; `url` is that of the Bot API."""
        async with serving(self.add_routes, port) as self.url:
            yield self

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
            post = partial(self._send_hook, http)
            await deliver(post, updates, repeat=repeat, disorder=disorder, drop=drop, tries=tries)

    def tell(self, update: bytes) -> None:
        """An update for whoever asks."""
        self.waiting.append(msgspec.json.decode(update))
        self._news.set()

    def write(self, person: int, name: str, text: str) -> bytes:
        """The update of a text that a person writes to the bot now."""
        self._last_id += 1
        who = {"id": person, "first_name": name}
        message = {
            "message_id": self._last_id,
            "date": int(time.time()),
            "chat": {**who, "type": "private"},
            "from": {**who, "is_bot": False},
            "text": text,
        }
        return msgspec.json.encode({"update_id": self._last_id, "message": message})

    async def post(self, body: bytes) -> int:
        """Send an update to the webhook; the status that it is answered with. Without one it waits for whoever asks."""
        if not self.hook:
            self.tell(body)
            return 200
        async with aiohttp.ClientSession() as http:
            return await self._send_hook(http, body)

    async def _send_hook(self, http: aiohttp.ClientSession, body: bytes) -> int:
        headers = {SECRET: self.secret, "Content-Type": "application/json"}
        async with http.post(self.hook, data=body, headers=headers) as answer:
            return answer.status

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != self.token:
            return _failed(401, "Unauthorized")
        given = dict(await request.post()) | dict(request.query)
        method = request.match_info["method"].lower()
        if method in ("sendmessage", "senddocument", "sendphoto"):
            return await self._send(request, given)
        if method == "getupdates":
            return await self._give_updates(given)
        if method == "getfile":
            return self._find_file(str(given["file_id"]))
        if method in ("setwebhook", "deletewebhook"):
            self.hook, self.secret = str(given.get("url", "")), str(given.get("secret_token", ""))
            return _done(result=True)
        me = {"id": 42, "is_bot": True, "first_name": "Shop", "username": BOT}
        return _done(me) if method == "getme" else _failed(404, "Not Found")

    async def _give_updates(self, given: Mapping[str, Any]) -> web.StreamResponse:
        """What waits, once there is something; what is before `offset` is known to whoever asks."""
        if self.hook:
            return _failed(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(given.get("offset", 0))
        self.waiting = [each for each in self.waiting if each["update_id"] >= offset]
        if not self.waiting:
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), float(given.get("timeout", 0)))
        return _done(self.waiting[:100])

    async def _send(self, request: web.Request, given: Mapping[str, Any]) -> web.StreamResponse:
        self.asked += 1
        fault = self.faults.popleft() if self.faults else None
        if refused := _fail(fault):
            return refused
        file = next((each for each in given.values() if isinstance(each, web.FileField)), None)
        text = str(given.get("caption" if file else "text", ""))
        if not file and not 0 < len(text) <= 4096:
            return _failed(400, "Bad Request: message is too long")
        chat_id, connection = int(given["chat_id"]), str(given.get("business_connection_id", ""))
        self._last_id += 1
        self.sent.append(Sent(chat_id, text, connection, file.filename if file else ""))
        chat = {"id": chat_id, "type": "private"}
        message = {"message_id": self._last_id, "date": 1, "chat": chat, "text": text}
        return await lose_answer(request, fault) or _done(message)

    def _find_file(self, file_id: str) -> web.Response:
        if file_id not in self.files:
            return _failed(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        return _done({"file_id": file_id, "file_unique_id": file_id, "file_path": file_id})

    async def _give_file(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != self.token:
            return _failed(401, "Unauthorized")
        return web.Response(body=self.files[request.match_info["file"]])


def _fail(fault: Fault | None) -> web.Response | None:
    description = f"Too Many Requests: retry after {RETRY_AFTER}"
    return fail(
        fault,
        busy=lambda: _failed(429, description, parameters={"retry_after": RETRY_AFTER}),
        broken=lambda: _failed(500, "Internal Server Error"),
        blocked=lambda: _failed(403, "Forbidden: bot was blocked by the user"),
    )


def _done(result: Any) -> web.Response:
    return web.Response(
        body=msgspec.json.encode({"ok": True, "result": result}), content_type="application/json"
    )


def _failed(status: int, description: str, **more: Any) -> web.Response:
    body = {"ok": False, "error_code": status, "description": description, **more}
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")

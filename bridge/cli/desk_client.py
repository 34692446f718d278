"""A desk client without a screen: what `omniline call` logs in and listens with."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import aiohttp

from bridge.errors import Transient
from bridge.settings import Settings


class DeskClient:
    """One logged-in client of the desk's API. Use as an async context manager."""

    def __init__(self, settings: Settings, login: str, password: str) -> None:
        self._base = f"http://{settings.http.host}:{settings.http.port}"
        self._credentials = {"login": login, "password": password}
        self._session = aiohttp.ClientSession()

    async def __aenter__(self) -> DeskClient:
        try:
            await self._log_in()
        except Transient:
            await self._session.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str, **query: str | int) -> Any:
        """The JSON of GET `/api/v1/<path>`. Raises Transient naming the path when it is not 200."""
        status, body = await self._ask("GET", path, params=query)
        if status != 200:
            raise Transient(f"GET {path} answered {status}: {body.decode()[:200]}")
        return json.loads(body)

    async def post(self, path: str, **body: str) -> None:
        """POST `/api/v1/<path>`. Raises Transient naming the path when it is refused."""
        status, answer = await self._ask("POST", path, json=body)
        if status >= 400:
            raise Transient(f"POST {path} answered {status}: {answer.decode()[:200]}")

    async def _log_in(self) -> None:
        status, body = await self._ask("POST", "login", json=self._credentials)
        if status != 200:
            raise Transient(f"the desk refused the login {self._credentials['login']}: {body.decode()}")
        self._session.headers["Authorization"] = f"Bearer {json.loads(body)['token']}"

    async def _ask(self, method: str, path: str, **options: Any) -> tuple[int, bytes]:
        """Status and body. Raises Transient when the server is away."""
        try:
            async with self._session.request(method, f"{self._base}/api/v1/{path}", **options) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise Transient(
                f"nothing answers at {self._base}: is 'omniline serve' (or 'make run') running?"
            ) from error

    async def show_pops(self, on_pop: Callable[[dict[str, Any]], None]) -> None:
        """Follows the live messages and acknowledges every screen-pop once `on_pop` has taken it. Ends when cancelled."""
        async with self._session.ws_connect(f"{self._base}/api/v1/live") as socket:
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                data = message.json()
                if data["type"] == "screen_pop":
                    on_pop(data["data"])
                    await socket.send_json({"type": "screen_pop_shown", "id": data["data"]["id"]})

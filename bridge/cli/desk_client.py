"""A desk client without a screen: what `omniline call` logs in and listens with."""

from __future__ import annotations

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
            answer = await self._session.post(f"{self._base}/api/v1/login", json=self._credentials)
        except aiohttp.ClientConnectionError as error:
            await self._session.close()
            raise Transient(
                f"nothing answers at {self._base}: is 'omniline serve' (or 'make run') running?"
            ) from error
        if answer.status != 200:
            await self._session.close()
            raise Transient(f"the desk refused the login {self._credentials['login']}: {await answer.text()}")
        self._session.headers["Authorization"] = f"Bearer {(await answer.json())['token']}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str, **query: str | int) -> Any:
        """The JSON of GET `/api/v1/<path>`. Raises Transient naming the path when it is not 200."""
        async with self._session.get(f"{self._base}/api/v1/{path}", params=query) as answer:
            if answer.status != 200:
                raise Transient(f"GET {path} answered {answer.status}: {(await answer.text())[:200]}")
            return await answer.json()

    async def post(self, path: str, **body: str) -> None:
        """POST `/api/v1/<path>`. Raises Transient naming the path when it is refused."""
        async with self._session.post(f"{self._base}/api/v1/{path}", json=body) as answer:
            if not answer.ok:
                raise Transient(f"POST {path} answered {answer.status}: {(await answer.text())[:200]}")

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

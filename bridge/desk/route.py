"""A route as a value: method, path, least role, handler. Its types are read from the handler's own signature.

A handler is `async def name(ask: Ask, query: SomeStruct, body: SomeStruct) -> Answer`, where `query` and `body` are
there only if the route takes them. The answer is a Struct (JSON), None (204), or a response of aiohttp's (files,
WebSockets). Serving, OpenAPI and the test that walks all roles work from the same table.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_type_hints

import msgspec
from aiohttp import web
from multidict import CIMultiDict

from bridge.desk.problems import NotLoggedIn
from bridge.desk.services import Services
from bridge.desk.sessions import DeskSession
from bridge.domain.agent import Agent, Role
from bridge.errors import InvalidInput

API = "/api/v1"
ID = "{id:[0-9a-f-]{36}}"
"""The part of a path that is one of our ids."""

# They are evaluated from text: for all routes it is a good part of a desk's start.
_read_hints = cache(get_type_hints)
_PARAMETER = re.compile(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})*)?\}")

Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to a handler. `session` is None on public routes and with a phone's key.

    `headers` are added to the answer.
    """

    services: Services
    request: web.Request
    session: DeskSession | None
    phone_owner: Agent | None = None
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)

    @property
    def agent(self) -> Agent:
        """Who asks. Raises NotLoggedIn on a public route, where nobody has to be known."""
        if self.session is not None:
            return self.session.agent
        if self.phone_owner is not None:
            return self.phone_owner
        raise NotLoggedIn("log in first")

    def path(self, name: str) -> str:
        return self.request.match_info[name]

    async def call_id(self) -> str:
        """The call that the path names, once what is known of it is in the store."""
        call_id = self.path("id")
        await self.services.telephony.settle(call_id)
        return call_id


@dataclass(frozen=True, slots=True)
class Route:
    """`least` None means public. `phone_key`: HTTP Basic with SIP user and phone key is taken too.

    `media` is the type of an answer that is not JSON, `takes` that of a body that the handler reads itself; `upgrade`
    marks a WebSocket.
    """

    method: str
    path: str
    handler: Handler
    least: Role | None
    status: int = 200
    phone_key: bool = False
    media: str = "application/json"
    takes: str = ""
    upgrade: bool = False

    @property
    def unsafe(self) -> bool:
        return self.method not in {"GET", "HEAD"}

    @property
    def hints(self) -> dict[str, Any]:
        return _read_hints(self.handler)

    @property
    def query(self) -> type[msgspec.Struct] | None:
        return self.hints.get("query")

    @property
    def body(self) -> Any:
        return self.hints.get("body")

    @property
    def answer(self) -> Any:
        return self.hints["return"]

    @property
    def parameters(self) -> list[str]:
        return _PARAMETER.findall(self.path)

    @property
    def plain_path(self) -> str:
        """Without the patterns of its parameters."""
        return _PARAMETER.sub(r"{\1}", self.path)


def read_query(request: web.Request, kind: type[msgspec.Struct]) -> msgspec.Struct:
    """Raises InvalidInput for an unknown, repeated or wrong parameter."""
    if len(request.query) != len(set(request.query)):
        raise InvalidInput("a parameter is given twice", where="query")
    try:
        return msgspec.convert(dict(request.query), kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInput(str(error), where="query") from error


async def read_body(request: web.Request, kind: Any) -> Any:
    """The JSON body as `kind`; an empty one counts as {}. Raises InvalidInput, also for what is not JSON."""
    raw = await request.read()
    if raw and request.content_type != "application/json":
        raise InvalidInput("send application/json", where="Content-Type")
    try:
        return msgspec.json.decode(raw or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(str(error), where="body") from error

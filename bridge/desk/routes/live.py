"""The desk's WebSocket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec
import structlog
from aiohttp import web

from bridge.desk.problems import NotLoggedIn
from bridge.desk.route import API, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.live import LiveMessage

log = structlog.get_logger()


class LiveQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`after` is the `cursor` of the last durable message that was seen."""

    after: str | None = None


class Heard(msgspec.Struct, frozen=True):
    """What a desk says: the pop of this id is on the screen."""

    type: Literal["screen_pop_shown"]
    id: str


async def follow(ask: Ask, query: LiveQuery) -> web.WebSocketResponse:
    """Live messages: first `notice` hello, what rings now, one's own state; then what was missed, then what happens."""
    session, services = ask.session, ask.services
    if session is None:
        raise NotLoggedIn("log in first")
    agent, calls = session.agent, services.calls

    def greet() -> Iterable[LiveMessage]:
        calls.states.open_desk(agent)
        return [*calls.pops.greet(agent.id), calls.states.message(agent)]

    def hear(data: bytes) -> None:
        try:
            heard = msgspec.json.decode(data, type=Heard)
        except (msgspec.DecodeError, UnicodeDecodeError):
            log.info("desk_not_understood", agent_id=agent.id)
            return
        calls.pops.take_shown(heard.id, agent.id)

    def part() -> None:
        calls.states.close_desk(agent)

    return await services.hub.serve(ask.request, session, query.after, greet=greet, hear=hear, part=part)


ROUTES: Final = (Route("GET", f"{API}/live", follow, Role.AGENT, status=101, upgrade=True),)

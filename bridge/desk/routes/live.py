"""The desk's WebSocket."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
import structlog
from aiohttp import web

from bridge.desk.problems import NotLoggedIn
from bridge.desk.route import API, Ask, Route
from bridge.domain.agent import Role

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
    agent, telephony = session.agent, services.telephony

    def hear(data: bytes) -> None:
        try:
            heard = msgspec.json.decode(data, type=Heard)
        except (msgspec.DecodeError, UnicodeDecodeError):
            log.info("desk_not_understood", agent_id=agent.id)
            return
        telephony.take_shown(heard.id, agent.id)

    return await services.hub.serve(
        ask.request, session, query.after, greet=telephony.open_desk, hear=hear, part=telephony.close_desk
    )


ROUTES: Final = (Route("GET", f"{API}/live", follow, Role.AGENT, status=101, upgrade=True),)

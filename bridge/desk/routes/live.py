"""The desk's WebSocket."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
import structlog
from aiohttp import web

from bridge.desk.presence import Doing
from bridge.desk.problems import NotLoggedIn
from bridge.desk.route import API, Ask, Route
from bridge.domain.agent import Role
from bridge.flows.telephony import OpenDesk

log = structlog.get_logger()


class LiveQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`after` is the `cursor` of the last durable message that was seen."""

    after: str | None = None


class PopShown(msgspec.Struct, frozen=True, tag_field="type", tag="screen_pop_shown"):
    """The pop of this id is on the screen."""

    id: str


class InConversation(msgspec.Struct, frozen=True, tag_field="type", tag="presence"):
    """What the desk does in a conversation: to be said again every few seconds."""

    conversation_id: Annotated[str, msgspec.Meta(max_length=36)]
    doing: Doing


async def follow(ask: Ask, query: LiveQuery) -> web.WebSocketResponse:
    """Live messages: first `notice` hello, what rings now, one's own state; then what was missed, then what happens."""
    session, services = ask.session, ask.services
    if session is None:
        raise NotLoggedIn("log in first")
    agent, telephony = session.agent, services.telephony

    def hear(desk: OpenDesk, data: bytes) -> None:
        try:
            heard = msgspec.json.decode(data, type=PopShown | InConversation)
        except (msgspec.DecodeError, UnicodeDecodeError):
            log.info("desk_not_understood", agent_id=agent.id)
            return
        if isinstance(heard, PopShown):
            telephony.take_shown(heard.id, agent.id)
        else:
            services.presence.hear(desk, heard.conversation_id, heard.doing)

    def part(desk: OpenDesk) -> None:
        services.presence.part(desk)
        telephony.close_desk(desk)

    return await services.hub.serve(
        ask.request, session, query.after, greet=telephony.open_desk, hear=hear, part=part
    )


ROUTES: Final = (Route("GET", f"{API}/live", follow, Role.AGENT, status=101, upgrade=True),)

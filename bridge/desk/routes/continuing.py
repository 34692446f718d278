"""Going on in another channel: links for the customer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec

from bridge.desk.answers import WayList
from bridge.desk.route import API, ID, Ask, Route
from bridge.desk.routes.calls import check_on_call
from bridge.domain.agent import Role
from bridge.domain.continuing import ContinueLink
from bridge.domain.matter import Thing
from bridge.flows.continue_elsewhere import list_ways, offer, offer_to
from bridge.store.continue_links import MATTER


class ContinueBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`channel` is one of GET /continue."""

    channel: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]


async def list_channels(ask: Ask) -> WayList:
    """The channels in which a customer can be asked to go on."""
    services = ask.services
    return WayList(await services.db.read(list_ways, services.ways, services.channels))


async def continue_call(ask: Ask, body: ContinueBody) -> ContinueLink:
    """A link for the caller, who then goes on in another channel: for agents who were rung by the call. Works once.

    409 where nobody can be known by the number (`type` nobody-known) or several people may be meant (several-people), and where
    the channel cannot be reached.
    """
    call_id = await ask.call_id()
    if not ask.agent.role.includes(Role.SUPERVISOR):
        await ask.services.db.read(check_on_call, call_id, ask.agent)
    return await _offer(ask, body, offer, Thing.CALL, call_id)


async def continue_conversation(ask: Ask, body: ContinueBody) -> ContinueLink:
    """A link, or a number and a code, by which the customer goes on in another channel. As for calls."""
    return await _offer(ask, body, offer, Thing.CONVERSATION, ask.path("id"))


async def continue_matter(ask: Ask, body: ContinueBody) -> ContinueLink:
    """A link by which the matter goes on in another channel. As for calls."""
    return await _offer(ask, body, offer, MATTER, ask.path("id"))


async def continue_with(ask: Ask, body: ContinueBody) -> ContinueLink:
    """A link for a customer with whom nothing goes on at this moment: about their only open matter, else a new one."""
    return await _offer(ask, body, offer_to, ask.path("id"))


async def _offer(
    ask: Ask, body: ContinueBody, work: Callable[..., ContinueLink], *about: str
) -> ContinueLink:
    services = ask.services
    link = await services.db.write(
        work,
        *about,
        channel=body.channel,
        agent=ask.agent,
        ways=services.ways,
        channels=services.channels,
        at=services.clock(),
    )
    services.wake_feed()
    return link


ROUTES: Final = (
    Route("GET", f"{API}/continue", list_channels, Role.AGENT),
    Route("POST", f"{API}/calls/{ID}/continue", continue_call, Role.AGENT, status=201),
    Route("POST", f"{API}/conversations/{ID}/continue", continue_conversation, Role.AGENT, status=201),
    Route("POST", f"{API}/customers/{ID}/continue", continue_with, Role.AGENT, status=201),
    Route("POST", f"{API}/matters/{ID}/continue", continue_matter, Role.AGENT, status=201),
)

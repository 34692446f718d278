"""Who rings now, and what everybody is doing; the inboxes for admins."""

from __future__ import annotations

from typing import Final

import msgspec

from bridge.desk.answers import AgentLine, AgentList, Channel, ChannelList, ColleagueList, RingingList
from bridge.desk.route import API, Ask, Route
from bridge.domain.agent import Role
from bridge.errors import Forbidden, InvalidInput
from bridge.store import agents, inboxes


class RingingQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One's own extension when it is not given."""

    extension: str | None = None


async def list_ringing(ask: Ask, query: RingingQuery) -> RingingList:
    """The cards of whoever rings an extension now. Agents ask for their own only, supervisors for any."""
    extension = query.extension or ask.agent.extension
    if extension is None:
        raise InvalidInput("you have no extension: give one", where="extension")
    by_phone = ask.phone_owner is not None
    if extension != ask.agent.extension and (by_phone or not ask.agent.role.includes(Role.SUPERVISOR)):
        raise Forbidden("this extension is not yours")
    return RingingList(await ask.services.telephony.list_ringing(extension))


async def list_agents(ask: Ask) -> AgentList:
    """Everybody, and what they are doing."""
    people = await ask.services.db.read(agents.list_agents)
    looks = await ask.services.telephony.look_at(people)
    asdict = msgspec.structs.asdict
    return AgentList([AgentLine(**asdict(agent), **asdict(looks[agent.id])) for agent in people])


async def list_colleagues(ask: Ask) -> ColleagueList:
    """Everybody, as one names them: in a note by @login, or to give them work."""
    return ColleagueList(await ask.services.db.read(agents.list_agents))


async def list_channels(ask: Ask) -> ChannelList:
    """The inboxes and how they are."""
    found = await ask.services.db.read(inboxes.list_inboxes)
    return ChannelList([Channel(inbox.channel, inbox.key, inbox.state, inbox.last_error) for inbox in found])


ROUTES: Final = (
    Route("GET", f"{API}/ringing", list_ringing, Role.AGENT, phone_key=True),
    Route("GET", f"{API}/agents", list_agents, Role.SUPERVISOR),
    Route("GET", f"{API}/colleagues", list_colleagues, Role.AGENT),
    Route("GET", f"{API}/channels", list_channels, Role.ADMIN),
)

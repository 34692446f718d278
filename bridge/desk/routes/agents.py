"""Who rings now, and what everybody is doing."""

from __future__ import annotations

from typing import Final

import msgspec

from bridge.desk.answers import AgentLine, AgentList, ColleagueList, RingingList
from bridge.desk.route import API, Ask, Route
from bridge.domain.agent import Role
from bridge.errors import Forbidden, InvalidInput
from bridge.store import agents


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


ROUTES: Final = (
    Route("GET", f"{API}/ringing", list_ringing, Role.AGENT, phone_key=True),
    Route("GET", f"{API}/agents", list_agents, Role.SUPERVISOR),
    Route("GET", f"{API}/colleagues", list_colleagues, Role.AGENT),
)

"""What each agent's phone shows of a caller, for admins: the rungs that are on, and whether a test call proved them."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from bridge.desk.answers import PhoneLine, PhoneList, RungLine
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Agent, AgentState, Role
from bridge.domain.phone import ALL_RUNGS, phone_rungs
from bridge.domain.times import iso
from bridge.errors import Conflict, NotFound
from bridge.flows.telephony import AgentLook
from bridge.settings import Settings
from bridge.store import agents, phone_proofs
from bridge.store.phone_proofs import PhoneProof


class ProofBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the phone showed this at a test call."""

    rung: Literal["name", "message", "call_info", "card_header", "ringing", "desk"]
    shown: bool


async def list_phones(ask: Ask) -> PhoneList:
    """The phone of every agent who has one: its profile, the rungs that are on, and what was seen of each."""
    services = ask.services
    proofs = await services.db.read(phone_proofs.list_proofs)
    people = await services.db.read(agents.list_agents)
    looks = await services.telephony.look_at(people)
    return PhoneList(
        [_line(ask, agent, looks[agent.id], proofs) for agent in people if agent.extension is not None]
    )


async def ring_for_test(ask: Ask) -> None:
    """Ring this phone from "Omniline test". 409 when it is not registered, or the agent is on the phone."""
    agent = await _get_agent(ask)
    look = (await ask.services.telephony.look_at([agent]))[agent.id]
    if not look.registered:
        raise Conflict("this phone is not registered: nothing would ring")
    if look.state in (AgentState.RINGING, AgentState.IN_CALL):
        raise Conflict("this agent is on the phone: try again when they are free")
    await ask.services.telephony.ring_for_test(agent)


async def save_proof(ask: Ask, body: ProofBody) -> PhoneLine:
    """Keep what was seen at a test call: it was shown, or it was not."""
    services, agent = ask.services, await _get_agent(ask)
    extension = str(agent.extension)
    await services.db.write(
        phone_proofs.save_proof,
        extension,
        body.rung,
        phone_rungs(services.settings, extension).profile,
        shown=body.shown,
        by_id=ask.agent.id,
        at=services.clock(),
    )
    look = (await services.telephony.look_at([agent]))[agent.id]
    return _line(ask, agent, look, await services.db.read(phone_proofs.list_proofs))


async def _get_agent(ask: Ask) -> Agent:
    agent = await ask.services.db.read(agents.get_agent, ask.path("id"))
    if agent.extension is None:
        raise NotFound("this agent has no phone")
    return agent


def _line(ask: Ask, agent: Agent, look: AgentLook, proofs: list[PhoneProof]) -> PhoneLine:
    services = ask.services
    extension = str(agent.extension)
    return PhoneLine(
        agent_id=agent.id,
        extension=extension,
        name=agent.name,
        profile=phone_rungs(services.settings, extension).profile,
        registered=look.registered,
        rungs=_rungs(services.settings, extension, proofs),
    )


def _rungs(settings: Settings, extension: str, proofs: list[PhoneProof]) -> list[RungLine]:
    """A proof of another make of phone than the one that is set now proves nothing."""
    phone = phone_rungs(settings, extension)
    seen = {
        each.rung: each for each in proofs if (each.extension, each.profile) == (extension, phone.profile)
    }
    return [
        RungLine(
            rung=rung,
            on=rung in ("name", "desk") or rung in phone.rungs,
            shown=proof.shown if (proof := seen.get(rung)) else None,
            at=iso(proof.at) if proof else None,
            by=proof.by if proof else None,
        )
        for rung in ALL_RUNGS
    ]


ROUTES: Final = (
    Route("GET", f"{API}/phones", list_phones, Role.ADMIN),
    Route("POST", f"{API}/phones/{ID}/test_call", ring_for_test, Role.ADMIN, status=204),
    Route("POST", f"{API}/phones/{ID}/proofs", save_proof, Role.ADMIN),
)

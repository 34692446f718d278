"""Is it alive, is it ready, how is it doing, what can it do."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import msgspec
from aiohttp import web

from bridge.desk.metrics import CONTENT_TYPE
from bridge.desk.problems import NotReady
from bridge.desk.route import API, Ask, Route
from bridge.desk.routes.queues import read_queues
from bridge.desk.services import Services
from bridge.domain.agent import Role
from bridge.domain.health import PARTS, Health, Part, PhoneState, WatchedGap
from bridge.errors import Transient
from bridge.flows.telephony import AgentLook
from bridge.store import agents, feed
from bridge.store.probe import take_write

WRITE_SECONDS: Final = 2.0
"""How long the database may take for a write: whoever asks is told in time, also while the writer waits for a dead server."""


class Status(msgspec.Struct, frozen=True):
    status: str


async def get_liveness(ask: Ask) -> Status:
    """The process answers."""
    return Status("ok")


async def get_readiness(ask: Ask) -> Status:
    """200 when calls can be taken: AMI logged in, AGI answered a self-test, the database takes a write.

    Otherwise 503, naming what is missing.
    """
    missing = await _find_missing(ask.services)
    if missing:
        raise NotReady("; ".join(f"{name}: {said}" for name, said in missing.items()))
    return Status("ready")


async def get_health(ask: Ask) -> Health:
    """What is up, how far behind we are, what nobody watched, whose phone is registered. A database that is away is a part
    that is not ok; what it alone knows is left out then.
    """
    services = ask.services
    missing = await _find_missing(services)
    gaps, people, looks, queues = [], [], {}, []
    if "database" not in missing:
        gaps = [row.data for row in await services.db.read(feed.list_notices, "gap")]
        people = await services.db.read(agents.list_agents)
        with suppress(Transient):  # nobody watches the calls: a part that is not ok
            looks = await services.telephony.look_at(people)
            queues = await read_queues(services)
    return Health(
        **msgspec.structs.asdict(await services.vitals()),
        parts=[Part(name, name not in missing) for name in PARTS],
        gaps=[WatchedGap(data["since"], data["until"]) for data in gaps],
        phones=[
            PhoneState(agent.extension, agent.name, looks.get(agent.id, AgentLook()).registered)
            for agent in people
            if agent.extension is not None
        ],
        queues=queues,
    )


async def get_metrics(ask: Ask) -> web.Response:
    """For Prometheus."""
    return web.Response(body=ask.services.metrics.render(), headers={"Content-Type": CONTENT_TYPE})


async def _find_missing(services: Services) -> dict[str, str]:
    """What calls cannot be taken without, by name, with one English line each."""
    missing = {}
    for name, check in services.readiness.items():
        said = await check()
        if said is not None:
            missing[name] = said
    try:
        async with asyncio.timeout(WRITE_SECONDS):
            await services.db.write(take_write, services.clock())
    except Transient as error:
        missing["database"] = str(error)
    except TimeoutError:
        missing.setdefault("database", f"it took no write for {WRITE_SECONDS:g} s")
    return missing


ROUTES: Final = (
    Route("GET", "/healthz", get_liveness, least=None),
    Route("GET", "/readyz", get_readiness, least=None),
    Route("GET", "/metrics", get_metrics, least=None, media="text/plain"),
    Route("GET", f"{API}/health", get_health, Role.ADMIN),
)

"""Is it alive, is it ready, how is it doing, what can it do."""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

from bridge.desk.metrics import CONTENT_TYPE
from bridge.desk.problems import NotReady
from bridge.desk.route import Ask, Route
from bridge.errors import Transient
from bridge.store.probe import take_write


class Health(msgspec.Struct, frozen=True):
    status: str


async def get_health(ask: Ask) -> Health:
    """The process answers."""
    return Health("ok")


async def get_readiness(ask: Ask) -> Health:
    """200 when calls can be taken: AMI logged in, AGI answered a self-test, the database takes a write.

    Otherwise 503, naming what is missing.
    """
    missing = {}
    for name, check in ask.services.readiness.items():
        said = await check()
        if said is not None:
            missing[name] = said
    try:
        await ask.services.db.write(take_write, ask.services.clock())
    except Transient as error:
        missing["database"] = str(error)
    if missing:
        raise NotReady("; ".join(f"{name}: {said}" for name, said in missing.items()))
    return Health("ready")


async def get_metrics(ask: Ask) -> web.Response:
    """For Prometheus."""
    return web.Response(body=ask.services.metrics.render(), headers={"Content-Type": CONTENT_TYPE})


ROUTES: Final = (
    Route("GET", "/healthz", get_health, least=None),
    Route("GET", "/readyz", get_readiness, least=None),
    Route("GET", "/metrics", get_metrics, least=None, media="text/plain"),
)

"""What providers send: handed to the inlet, whoever sends it."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from bridge.desk.route import Ask, Route


async def take_hook(ask: Ask) -> web.StreamResponse:
    """A provider's webhook to an inbox, signed in the channel's own way. 200 once it is kept; read afterwards.

    403 for a wrong signature, 404 for an unknown inbox, 413 for more than 1 MiB, 408 for one that takes too long.
    """
    return await ask.services.inlet(ask.request)


async def ask_hook(ask: Ask) -> web.StreamResponse:
    """A provider's question whether the inbox is there, answered in the channel's own way. 403 for a wrong token, 404 else."""
    return await ask.services.inlet(ask.request)


ROUTES: Final = (
    Route("GET", "/hooks/{channel}/{inbox}", ask_hook, least=None, media="text/plain"),
    Route("POST", "/hooks/{channel}/{inbox}", take_hook, least=None, media="text/plain"),
)

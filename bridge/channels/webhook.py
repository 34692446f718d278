"""The one HTTP inlet, `/hooks/{channel}/{inbox}`: what is posted and signed is kept, and answered with 200 once it is durable.

What it says is read afterwards, from the arrival (`bridge.flows.receive_arrival`), so that a provider neither waits for
that nor has to know that it failed. What comes again has the same key and is not kept twice; what comes in another order
is put in order by what it says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import structlog
from aiohttp import web

from bridge.domain.ports import Challenges, Channel, Hook
from bridge.errors import NotFound
from bridge.secrets import InboxSecrets, inbox_name
from bridge.store import arrivals, inboxes
from bridge.store.engine import Database

BODY_LIMIT: Final = 1 << 20
"""Bytes. No provider sends as much: files come by their addresses."""
BODY_SECONDS: Final = 10.0

log = structlog.get_logger()


class Inlet:
    """`secrets` by `inbox_name`. `committed` is called after each arrival that is kept."""

    def __init__(
        self,
        db: Database,
        channels: Mapping[str, Channel],
        secrets: Mapping[str, InboxSecrets],
        committed: Callable[[], None],
        clock: Callable[[], datetime],
        *,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._db = db
        self._channels = channels
        self._secrets = secrets
        self._committed = committed
        self._clock = clock
        self._body_seconds = body_seconds

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """A GET is a provider's question whether the inbox is there.

        Raises NotFound, Forbidden, Transient; aiohttp's own for a body that is too large or too slow.
        """
        name, key = request.match_info["channel"], request.match_info["inbox"]
        channel, secret = self._channels.get(name), self._secrets.get(inbox_name(name, key))
        inbox = await self._db.read(inboxes.find_inbox, name, key) if channel and secret else None
        if channel is None or secret is None or inbox is None:
            raise NotFound("no such inbox")
        if request.method == "GET":
            if not isinstance(channel, Challenges) or not secret.verify_token:
                raise NotFound("no such inbox")
            return web.Response(text=channel.challenge(request.query, secret.verify_token))
        hook = Hook(request.headers, await self._read(request))
        source_key = channel.admit(hook, secret.hook_secret)
        if await self._db.write(arrivals.keep, inbox.id, source_key, hook.body, self._clock()):
            self._committed()
            log.debug("arrival_kept", channel=name, inbox=key)
        return web.Response()

    async def _read(self, request: web.Request) -> bytes:
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_seconds):
                async for chunk in request.content.iter_any():
                    body += chunk
                    if len(body) > BODY_LIMIT:
                        raise web.HTTPRequestEntityTooLarge(BODY_LIMIT, len(body))
        except TimeoutError as error:
            raise web.HTTPRequestTimeout from error
        return bytes(body)

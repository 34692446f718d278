"""An AGI server that is not there, leaves, resets or dawdles: the agent rings at once all the same."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Awaitable, Callable

import pytest

from pbx.agi.server import DEADLINE_SECONDS
from tests.e2e.asterisk.conftest import Pbx
from tests.e2e.test_faults import first_invite_at

pytestmark = pytest.mark.fault

RINGS_WITHIN = 0.35
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def leave(client: Client, chance: random.Random) -> None:
    """After some of the environment, or at once."""
    reader, writer = client
    await reader.read(chance.randrange(1, 400))
    writer.close()


async def reset(client: Client, chance: random.Random) -> None:
    reader, writer = client
    await reader.read(chance.randrange(1, 400))
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def dawdle(client: Client, chance: random.Random) -> None:
    """As our own does at worst: no answer until the deadline, which closes the connection."""
    await asyncio.sleep(chance.uniform(0, DEADLINE_SECONDS - 0.05))
    client[1].close()


@pytest.mark.parametrize("misbehave", [None, leave, reset, dawdle])
async def test_the_agent_rings_at_once(
    pbx: Pbx,
    chance: random.Random,
    misbehave: Callable[[Client, random.Random], Awaitable[None]] | None,
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert misbehave
        await misbehave((reader, writer), chance)

    server = await asyncio.start_server(serve, "127.0.0.1", pbx.config.agi_port) if misbehave else None
    phone = await pbx.phone("101")
    caller = await pbx.call()
    assert await caller.wait(20)
    assert await phone.wait(10)
    elapsed = first_invite_at(phone.read_messages()) - first_invite_at(caller.read_messages())
    assert elapsed.total_seconds() < RINGS_WITHIN
    if server:
        server.close()

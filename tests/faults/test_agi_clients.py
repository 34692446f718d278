"""The AGI server among clients that are half-open, rude or gone: a real call is answered in time all the same."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from pbx.agi.handlers import Services, find_handlers
from pbx.agi.lookup import CardLookup
from pbx.agi.metrics import AgiMetrics
from pbx.agi.server import AgiServer
from pbx.interface import CallerCard
from tests.fakes.asterisk_agi import call, write_environment
from tests.fakes.directory import FakeDirectory

# The deadline of a call is real time.
pytestmark = [pytest.mark.fault, pytest.mark.realtime]

RINGS_WITHIN = 0.35
CLIENTS = 500


@pytest.fixture
async def port() -> AsyncIterator[int]:
    metrics = AgiMetrics()
    directory = FakeDirectory({"+380671234567": CallerCard("018f-olena", "Олена")})
    server = AgiServer(Services(CardLookup(directory, metrics), "UA"), find_handlers(), metrics)
    yield await server.start("127.0.0.1", 0)
    await server.close()


def stay(_: socket.socket) -> None:
    """Half-open: connected, and silent for ever."""


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.mark.parametrize("end", [stay, reset, socket.socket.close])
async def test_a_call_among_500_such_clients_is_answered_in_time(
    port: int, chance: random.Random, end: Callable[[socket.socket], None]
) -> None:
    loop = asyncio.get_running_loop()
    environment = write_environment()
    async with AsyncExitStack() as stack:
        for number in range(CLIENTS):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", port))
            await loop.sock_sendall(client, environment[: chance.randrange(len(environment))])
            end(client)
            if number % 100 == 0:
                await asyncio.sleep(chance.random() * 0.01)
        channel = await call(port)
    assert channel.variables["OMNI_IDENTIFIED"] == "1"
    assert channel.variables["__OMNI_CUSTOMER"] == "018f-olena"
    assert channel.held < RINGS_WITHIN

"""Asterisk's side of FastAGI at full speed: whole sessions, a number of them in parallel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import uvloop

PARALLEL = 16

_ENVIRONMENT = """\
agi_network: yes
agi_network_script: {handler}
agi_request: agi://127.0.0.1:4573/{handler}
agi_channel: PJSIP/trunk-loopback-00000001
agi_language: en
agi_type: PJSIP
agi_uniqueid: 1795380874.3
agi_version: 22.10.1+dfsg+~cs6.17.60671434-1
agi_callerid: {caller}
agi_calleridname: unknown
agi_callingpres: 0
agi_callingani2: 0
agi_callington: 0
agi_callingtns: 0
agi_dnid: +380445550100
agi_rdnis: unknown
agi_context: from-trunk
agi_extension: +380445550100
agi_priority: 3
agi_enhanced: 0.0
agi_accountcode: 
agi_threadid: 139901850183360
agi_arg_1: +380445550100

"""  # noqa: W291  # as Asterisk sends it


def environment(handler: str, caller: str) -> bytes:
    return _ENVIRONMENT.format(handler=handler, caller=caller).encode()


class _Caller(asyncio.Protocol):
    """One session: answers each command with 200 until the server closes, then tells what it was sent."""

    def __init__(self, opening: bytes, ended: Callable[[bytes], None]) -> None:
        self._opening = opening
        self._ended = ended
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._transport.write(self._opening)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._transport.write(b"200 result=0\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended(self._received)


async def _drive(port: int, openings: list[bytes], commands: int) -> int:
    loop = asyncio.get_running_loop()
    left = iter(openings)
    cut = 0

    async def caller() -> None:
        nonlocal cut
        for opening in left:
            ended: asyncio.Future[bytes] = loop.create_future()
            await loop.create_connection(partial(_Caller, opening, ended.set_result), "127.0.0.1", port)
            cut += (await ended).count(b"\n") != commands

    await asyncio.gather(*[caller() for _ in range(PARALLEL)])
    return cut


def drive(port: int, openings: list[bytes], commands: int) -> None:
    """Open one session for each of `openings`, 16 at a time, and see each through.

    Raises RuntimeError when more than 1 % of them were cut or saw another number of commands: a server that gives
    up under load is cheap.
    """
    cut = uvloop.run(_drive(port, openings, commands))
    if cut > len(openings) / 100:
        raise RuntimeError(
            f"{cut} of {len(openings)} sessions did not see {commands} commands: a busy machine?"
        )


@dataclass(frozen=True, slots=True)
class Session:
    """One that was due at its time: how many seconds later it was over, and what the server said."""

    seconds: float
    said: bytes


async def _drive_paced(port: int, openings: list[bytes], rate: int) -> list[Session]:
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def call(number: int, opening: bytes) -> Session:
        due = began + number / rate
        await asyncio.sleep(due - loop.time())
        ended: asyncio.Future[bytes] = loop.create_future()
        await loop.create_connection(partial(_Caller, opening, ended.set_result), "127.0.0.1", port)
        said = await ended
        return Session(loop.time() - due, said)

    return await asyncio.gather(*(call(number, opening) for number, opening in enumerate(openings)))


def drive_paced(port: int, openings: list[bytes], rate: int) -> list[Session]:
    """Open `rate` sessions a second, however slow the server is; what became of each of `openings`."""
    return uvloop.run(_drive_paced(port, openings, rate))

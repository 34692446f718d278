"""Asterisk's side of FastAGI at full speed: whole sessions, a number of them in parallel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
    """One session: answers each command with 200 until the server closes."""

    def __init__(self, opening: bytes, ended: Callable[[int], None]) -> None:
        self._opening = opening
        self._ended = ended
        self._commands = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._transport.write(self._opening)

    def data_received(self, data: bytes) -> None:
        self._commands += data.count(b"\n")
        self._transport.write(b"200 result=0\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended(self._commands)


async def _drive(port: int, openings: list[bytes], commands: int) -> int:
    loop = asyncio.get_running_loop()
    left = iter(openings)
    cut = 0

    async def caller() -> None:
        nonlocal cut
        for opening in left:
            ended: asyncio.Future[int] = loop.create_future()
            await loop.create_connection(partial(_Caller, opening, ended.set_result), "127.0.0.1", port)
            cut += await ended != commands

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

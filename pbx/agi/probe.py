"""The other side of AGI, as small as it can be: asks a server for its self-test, as Asterisk would ask."""

from __future__ import annotations

import asyncio
from typing import Final

from pbx import variables

PROBE_SECONDS: Final = 0.5
_ENVIRONMENT: Final = b"agi_network: yes\nagi_network_script: self_test\nagi_uniqueid: self-test\n\n"


async def passes_self_test(host: str, port: int) -> bool:
    """Whether the AGI server there would identify a caller now, its directory included; answered within 0.5 s."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await _ask(host, port)
    except (OSError, TimeoutError):
        return False


async def _ask(host: str, port: int) -> bool:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(_ENVIRONMENT)
        command = await reader.readline()
        writer.write(b"200 result=0\n")
        await writer.drain()
    finally:
        writer.close()
    return command == f'EXEC MSet "{variables.SELF_TEST}=1"\n'.encode()

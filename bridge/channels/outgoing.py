"""Telling the company's own systems: one signed POST for an event (docs/howto/outgoing-webhooks.md).

An admin of the desk names the address, not one of the machine: so it may be on the internet or in the networks of
`webhooks.networks`, and nowhere else. That is checked of each connection when it is made, by the address that it goes to.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import time
from collections.abc import Sequence
from typing import Any, Final

import aiohttp
import msgspec

from bridge.channels.fetching import is_public
from bridge.domain.webhook import Event, sign
from bridge.errors import Rejected, Transient

SECONDS: Final = 10.0
GONE: Final = 410


class Outgoing:
    """`networks` are those of the company that may be reached besides the internet."""

    def __init__(
        self,
        networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network] = (),
        *,
        seconds: float = SECONDS,
    ) -> None:
        self._networks = networks
        self._seconds = seconds

    async def __call__(self, url: str, secret: str, event: Event) -> None:
        """Returns when the receiver has it (2xx). Raises Transient where it may have it later, Rejected where it never will."""
        body, timestamp = msgspec.json.encode(event), str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Omniline",
            "X-Omniline-Timestamp": timestamp,
            "X-Omniline-Signature": sign(secret, timestamp, body),
        }
        connector = aiohttp.TCPConnector(socket_factory=self._open, limit=1, force_close=True)
        timeout = aiohttp.ClientTimeout(total=self._seconds)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
                http.post(url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                status = answer.status
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            raise Transient(_reason(error)) from error
        if status == GONE:
            raise Rejected("it answers 410: it wants to hear no more")
        if not 200 <= status < 300:
            raise Transient(f"it answers {status}")

    def _open(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, place = address
        ip = ipaddress.ip_address(str(place[0]).partition("%")[0])
        if not is_public(str(ip)) and not any(ip in network for network in self._networks):
            raise OSError(errno.EACCES, "not a public address")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


def _reason(error: Exception) -> str:
    """Without the address, which may have a secret in it."""
    if isinstance(error, TimeoutError):
        return f"no answer within {SECONDS:g} s"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be found"
    if isinstance(error, aiohttp.ClientConnectorError) and error.errno == errno.EACCES:
        return "its address is not public: see webhooks.networks in the settings"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "it cannot be reached"
    return "its answer cannot be read"

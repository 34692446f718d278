"""Files by addresses that others have written: never from this machine's own networks, within a size and a time.

Whoever names an address could name one that only we reach (SSRF). So each connection, whichever name, literal or redirect
it came from, is checked at the moment when it is made, by the address that it goes to: nothing can change in between.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bridge.domain.files import LARGEST
from bridge.errors import RateLimited, Rejected, Transient

SECONDS: Final = 60.0
REDIRECTS: Final = 4
RETRY_AFTER: Final = 60.0
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses inside IPv6 ones (RFC 6052): they are as public as what is inside."""


async def fetch_file(
    address: str,
    *,
    headers: Mapping[str, str] = _NO_HEADERS,
    trusted: str = "",
    most: int = LARGEST,
    seconds: float = SECONDS,
    resolver: AbstractResolver | None = None,
) -> bytes:
    """What is at an http or https address. `headers` go to its own host only, not along a redirect to another.

    `trusted` is an address whose host and port the company itself has set, and which may be anywhere. Raises RateLimited,
    Transient; Rejected for what is not public, too large, or gone.
    """
    url = _url(address)
    guard = _Guard(_url(trusted).origin() if trusted else None)
    connector = aiohttp.TCPConnector(socket_factory=guard, resolver=resolver, limit=1)
    try:
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=seconds),
            auto_decompress=False,
            headers={"Accept-Encoding": "identity"},
        ) as http:
            return await _follow(http, url, headers, most, guard)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        if guard.refused:
            raise Rejected("the address is not a public one") from error
        if isinstance(error, (aiohttp.InvalidURL, ValueError)):
            raise Rejected("it leads to what is no address") from error
        raise Transient("the file cannot be reached") from error


async def _follow(
    http: aiohttp.ClientSession, url: URL, headers: Mapping[str, str], most: int, guard: _Guard
) -> bytes:
    for _ in range(REDIRECTS + 1):
        guard.origin = url.origin()
        async with http.get(url, headers=headers, allow_redirects=False) as answer:
            if answer.status not in (301, 302, 303, 307, 308):
                return await _read(answer, most)
            following = _url(str(url.join(URL(answer.headers.get("Location", "")))))
        if following.origin() != url.origin():
            headers = _NO_HEADERS
        url = following
    raise Rejected("it is sent from address to address")


async def _read(answer: aiohttp.ClientResponse, most: int) -> bytes:
    if answer.status == 429:
        raise RateLimited("too many files at once", retry_after=RETRY_AFTER)
    if answer.status >= 500 or answer.status == 408:
        raise Transient(f"the file's server answers {answer.status}")
    if answer.status != 200:
        raise Rejected(f"the file's server answers {answer.status}")
    data = bytearray()
    async for chunk in answer.content.iter_chunked(1 << 16):
        data += chunk
        if len(data) > most:
            raise Rejected(f"it has more than {most >> 20} MB")
    return bytes(data)


def _url(address: str) -> URL:
    """Raises Rejected for what is not an http or https address."""
    try:
        url = URL(address)
        if url.scheme in ("http", "https") and url.host:
            return url
    except ValueError:
        pass
    raise Rejected("not an http or https address")


class _Guard:
    """Makes the sockets of a session, which is about to ask `origin`; only the `trusted` one may be anywhere.

    `refused` is whether a socket would have led to where the public does not get.
    """

    def __init__(self, trusted: URL | None) -> None:
        self._trusted = trusted
        self.origin: URL | None = None
        self.refused = False

    def __call__(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, place = address
        is_trusted = self._trusted is not None and self.origin == self._trusted
        if not is_trusted and not is_public(str(place[0])):
            self.refused = True
            raise OSError(errno.EACCES, "not a public address")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


def is_public(address: str) -> bool:
    """Whether an IP address is one that anybody on the internet reaches."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast

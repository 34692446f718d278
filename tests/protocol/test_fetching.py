"""Files by strangers' addresses: nothing inside is reached, however it is named; sizes, times and redirects have an end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bridge.channels.fetching import REDIRECTS, fetch_file, is_public
from bridge.errors import RateLimited, Rejected, Transient


@dataclass
class Site:
    """A web server of this machine. `seen` are the requests that reached it."""

    port: int = 0
    seen: list[web.Request] = field(default_factory=list)
    answer: Callable[[web.Request], Any] = field(default=lambda _: web.Response(body=b"the file"))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        made = self.answer(request)
        response: web.StreamResponse = await made if asyncio.iscoroutine(made) else made
        return response


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.port = runner.addresses[0][1]
    yield site
    await runner.cleanup()


class Names(AbstractResolver):
    """A DNS in which every name has these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0)
            for each in self.addresses
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "localhost"],
)
async def test_loopback_is_not_reached_by_any_of_its_names(site: Site, host: str) -> None:
    with pytest.raises((Rejected, Transient)):
        await fetch_file(f"http://{host}:{site.port}/")
    assert site.seen == []


async def test_a_name_of_loopback_is_refused(site: Site) -> None:
    with pytest.raises(Rejected, match="public"):
        await fetch_file(f"http://files.example:{site.port}/", resolver=Names("127.0.0.1"))
    assert site.seen == []


async def test_a_redirect_to_loopback_is_refused(site: Site) -> None:
    site.answer = lambda _: moved(f"http://files.example:{site.port}/inside")
    with pytest.raises(Rejected, match="public"):
        await _fetch_as_public(site, "/", resolver=Names("127.0.0.1"))
    assert [request.path for request in site.seen] == ["/"]


def moved(address: str) -> web.Response:
    return web.Response(status=302, headers={"Location": address})


async def _fetch_as_public(site: Site, path: str, **more: Any) -> bytes:
    """The first host is ours by setting; whoever it sends us to is not."""
    return await fetch_file(site.url + path, trusted=site.url, **more)


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
        "fe80::1", "fe80::1%eth0", "fc00::1", "::", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "ff02::1",
    ],
)  # fmt: skip
def test_what_the_public_does_not_reach(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_what_it_reaches(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://x/", "gopher://x", "//x", "http://", "", "http://[", "\0"]
)
async def test_what_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(Rejected):
        await fetch_file(address)


async def test_a_trusted_host_is_fetched_from(site: Site) -> None:
    assert await _fetch_as_public(site, "/a", headers={"Authorization": "Bearer x"}) == b"the file"
    assert site.seen[0].headers["Authorization"] == "Bearer x"
    with pytest.raises(Rejected):
        await fetch_file(site.url, trusted="http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, Rejected), (403, Rejected), (429, RateLimited), (500, Transient), (503, Transient)],
)
async def test_errors_by_what_to_do(site: Site, status: int, error: type[Exception]) -> None:
    site.answer = lambda _: web.Response(status=status)
    with pytest.raises(error):
        await _fetch_as_public(site, "/")


async def test_what_is_too_large_is_not_read_to_its_end(site: Site) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    site.answer = answer
    with pytest.raises(Rejected, match="more than"):
        await _fetch_as_public(site, "/", most=1 << 20)


async def test_who_dawdles_is_not_waited_for(site: Site) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    site.answer = answer
    with pytest.raises(Transient):
        await _fetch_as_public(site, "/", seconds=0.1)


async def test_a_ring_of_redirects_ends(site: Site) -> None:
    site.answer = lambda _: moved("/again")
    with pytest.raises(Rejected):
        await _fetch_as_public(site, "/")
    assert len(site.seen) == REDIRECTS + 1


async def test_a_redirect_to_what_is_no_web_address(site: Site) -> None:
    site.answer = lambda _: moved("file:///etc/passwd")
    with pytest.raises(Rejected):
        await _fetch_as_public(site, "/")

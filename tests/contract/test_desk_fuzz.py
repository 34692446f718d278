"""Whatever is sent to any route, the answer is an answer: never a mistake of ours (500), never a hang."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
import pytest

from bridge.desk.route import Route
from bridge.desk.routes import ROUTES
from bridge.domain.ids import new_id
from tests.contract.desk_server import Client, DeskServer, logged_in, serving
from tests.fakes.scripted_call import ScriptedCall

ODD_TEXTS = (
    "", " ", "0", "-1", "1e999", "9" * 400, "null", "\x00", "\r\nX: y", "'", '"', "%", "_", "\\", "😀", "Ї" * 300,
    "' OR 1=1 --", "../../etc/passwd", "${SHELL(id)}", "<script>", "+380501110001", "a@b", "|", "||x", "b3Blbg==", "€",
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    10**40,
    1.5,
    [],
    {},
    [[]],
    {"a": {}},
    *ODD_TEXTS,
)
ODD_BODIES = (
    b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b'{"text": "\\ud800"}', b"[" * 5000, b'{"text": "x", "text": "y"}',
)  # fmt: skip
ROUNDS = 12


@pytest.fixture
async def server(url: str, tmp_path: Path) -> AsyncIterator[DeskServer]:
    async with serving(url, tmp_path) as running:
        yield running


def address(route: Route, chance: random.Random, ids: list[str]) -> str:
    path = route.plain_path.replace("{id}", chance.choice(ids))
    if "{name}" in path:
        path = path.replace("{name}", quote(chance.choice(ODD_TEXTS) or "x", safe=""))
    fields = [field.name for field in msgspec.structs.fields(route.query)] if route.query else ["x"]
    given = [f"{chance.choice(fields)}={quote(chance.choice(ODD_TEXTS))}" for _ in range(chance.randrange(3))]
    return path + ("?" + "&".join(given) if given else "")


def body(route: Route, chance: random.Random) -> bytes:
    if route.body is None or chance.random() < 0.3:
        return chance.choice(ODD_BODIES)
    names = [field.name for field in msgspec.structs.fields(route.body)]
    return json.dumps({name: chance.choice(ODD_VALUES) for name in names if chance.random() < 0.9}).encode()


async def test_nothing_that_is_sent_makes_a_mistake_of_ours(server: DeskServer) -> None:
    customer = await server.add_customer("Оксана", "+380501110001")
    ScriptedCall(server.calls, "+380501110001").talk("103")
    await server.settle()
    chance = random.Random(20261122)
    async with logged_in(server, "103") as client:
        call_id = (await client.get("calls"))["items"][0]["id"]
        ids = [customer, call_id, new_id(), "x" * 36, "-" * 36, "%00", "1", "..", "%2e%2e%2f"]
        client.http.headers["Content-Type"] = "application/json"
        for route in ROUTES:
            if route.plain_path in {"/api/v1/logout", "/api/v1/login", "/readyz"} or route.upgrade:
                continue
            if not route.plain_path.startswith("/api") and "{name}" not in route.plain_path:
                continue
            for _ in range(ROUNDS):
                asked, sent = address(route, chance, ids), body(route, chance)
                await check(client, route.method, asked, sent if route.unsafe else None)
        assert (await client.get("me"))["agent"]["login"] == "103"


async def check(client: Client, method: str, path: str, sent: bytes | None) -> None:
    where = f"{client.server.url}{path}"
    async with client.http.request(
        method, where, data=sent, timeout=aiohttp.ClientTimeout(total=10), allow_redirects=False
    ) as answer:
        text = await answer.text()
    assert answer.status < 500, (method, path, sent, text)
    if answer.status >= 400 and path.startswith("/api"):
        assert answer.content_type == "application/problem+json", (method, path, sent, text)


@pytest.mark.parametrize("login", ODD_TEXTS)
async def test_odd_logins_are_refused_like_any(server: DeskServer, login: str) -> None:
    async with aiohttp.ClientSession() as http:
        client = Client(server, login, http)
        status, _ = await client.ask("POST", "login", {"login": login, "password": login or "x"})
        assert status in {401, 422}

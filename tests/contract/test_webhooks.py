"""Outgoing webhooks: signed, in order, until they are taken; what fails holds up itself alone."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import Connection

from bridge.bus import webhooks
from bridge.bus.webhooks import WebhookTeller
from bridge.channels.outgoing import Outgoing
from bridge.domain.ids import new_id
from bridge.domain.ports import Subject
from bridge.domain.webhook import Event, parse_networks
from bridge.errors import Transient
from bridge.store import feed
from tests.contract.desk_server import (
    WEBHOOK_KEY,
    Client,
    DeskServer,
    eventually,
    logged_in,
    serving,
)
from tests.e2e.harness import free_ports
from tests.fakes.scripted_call import ScriptedCall

HOWTO = Path(__file__).parents[2] / "docs/howto/outgoing-webhooks.md"
KNOWN = "+380501110001"
HERE = parse_networks(["127.0.0.0/8"])


@dataclass
class Receiver:
    """A system of the company. `answers` are the statuses of the next requests, 204 after that."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    asked: int = 0
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Receiver]:
        app = web.Application()
        app.router.add_post("/", self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = "http://{}:{}/".format(*runner.addresses[0][:2])
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.asked += 1
        status = self.answers.pop(0) if self.answers else 204
        if status < 300:
            self.bodies.append(await request.read())
            self.headers.append(dict(request.headers))
            self.got.append(json.loads(self.bodies[-1]))
        return web.Response(status=status, headers={"Location": "/"})

    def types(self) -> list[str]:
        return [event["type"] for event in self.got]


@asynccontextmanager
async def telling(server: DeskServer) -> AsyncIterator[None]:
    wake = partial(server.bus.tell, Subject.FEED)
    teller = WebhookTeller(server.db, server.bus, Outgoing(HERE), WEBHOOK_KEY, wake, server.clock)
    task = asyncio.create_task(teller.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def server(url: str, tmp_path: Path) -> AsyncIterator[DeskServer]:
    async with serving(url, tmp_path) as running, telling(running):
        yield running


@pytest.fixture
async def admin(server: DeskServer) -> AsyncIterator[Client]:
    async with logged_in(server, "admin") as client:
        yield client


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().running() as running:
        yield running


async def add(admin: Client, url: str, *events: str) -> dict[str, Any]:
    status, made = await admin.ask("POST", "webhooks", {"url": url, "events": list(events) or ["entry"]})
    assert status == 201, made
    found: dict[str, Any] = made
    return found


async def happen(server: DeskServer, *numbers: int) -> None:
    """Entries come onto the feed, of the kind note, named by a number."""

    def append(connection: Connection) -> None:
        for number in numbers:
            feed.append(connection, "entry", "all", {"kind": "note", "text": str(number)}, server.clock())

    await server.db.write(append)
    server.bus.tell(Subject.FEED)


def numbers(receiver: Receiver) -> list[int]:
    return [int(event["data"]["text"]) for event in receiver.got]


async def shown(admin: Client) -> dict[str, Any]:
    (webhook,) = (await admin.get("webhooks"))["items"]
    found: dict[str, Any] = webhook
    return found


async def test_a_call_and_its_note_are_told_in_order_and_signed(
    server: DeskServer, admin: Client, receiver: Receiver
) -> None:
    made = await add(admin, receiver.url, "call", "entry")
    await server.add_customer("Оксана", KNOWN)
    ScriptedCall(server.calls, KNOWN).talk("101")
    await server.settle()
    await eventually(lambda: receiver.types().count("call") > 0 and "entry" in receiver.types())
    assert [event["id"] for event in receiver.got] == sorted({event["id"] for event in receiver.got})
    assert next(event for event in receiver.got if event["type"] == "call")["data"]["caller"] == KNOWN
    for headers, body in zip(receiver.headers, receiver.bodies, strict=True):
        timestamp = headers["X-Omniline-Timestamp"].encode()
        wanted = hmac.digest(made["secret"].encode(), timestamp + b"." + body, hashlib.sha256)
        assert headers["X-Omniline-Signature"] == base64.b64encode(wanted).decode()


async def test_each_is_told_of_what_it_asked_for_only_and_from_then_on(
    server: DeskServer, admin: Client, receiver: Receiver
) -> None:
    await happen(server, 1)

    async def numbered() -> bool:
        return await server.db.read(feed.has_unnumbered) is False

    await eventually(numbered)
    await add(admin, receiver.url, "order", "entry")

    def others(connection: Connection) -> None:
        feed.append(connection, "entry", "all", {"kind": "message", "text": "2"}, server.clock())
        feed.append(connection, "entry", "all", {"kind": "order", "text": "3"}, server.clock())
        feed.append(connection, "notice", "all", {"code": "hello"}, server.clock())
        feed.append(connection, "entry", "role:admin", {"kind": "note", "text": "4"}, server.clock())

    await server.db.write(others)
    await happen(server, 5)
    await eventually(lambda: len(receiver.got) == 2)
    assert (receiver.types(), numbers(receiver)) == (["order", "entry"], [3, 5])


async def test_what_is_not_taken_is_told_again_and_the_rest_waits(
    server: DeskServer, admin: Client, receiver: Receiver
) -> None:
    server.clock.stop()
    await add(admin, receiver.url)
    receiver.answers += [500, 302]
    await happen(server, 1, 2, 3)
    await eventually(lambda: receiver.asked == 1)

    async def says(error: str) -> bool:
        return bool((await shown(admin))["last_error"] == error)

    await eventually(lambda: says("it answers 500"))
    assert receiver.got == []
    server.clock.ahead += timedelta(seconds=1)
    # When it is told again is reckoned from then.
    await eventually(lambda: says("it answers 302"))
    assert receiver.asked == 2
    server.clock.ahead += timedelta(minutes=1)
    await eventually(lambda: numbers(receiver) == [1, 2, 3])

    async def is_well() -> bool:
        webhook = await shown(admin)
        return webhook["last_error"] is None and webhook["failing_since"] is None

    await eventually(is_well)


async def test_one_that_fails_holds_up_itself_alone(
    server: DeskServer, admin: Client, receiver: Receiver
) -> None:
    (port,) = free_ports(1)
    await add(admin, f"http://127.0.0.1:{port}/")
    await add(admin, receiver.url)
    await happen(server, 1, 2)
    await eventually(lambda: numbers(receiver) == [1, 2])

    async def says_so() -> bool:
        broken, _ = (await admin.get("webhooks"))["items"]
        return bool(broken["last_error"] == "it cannot be reached")

    await eventually(says_so)


async def test_after_long_failure_it_rests_and_the_admins_are_told_and_nothing_is_lost(
    server: DeskServer, admin: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Shorter than an admin's session lasts.
    monkeypatch.setattr(webhooks, "PAUSE_AFTER", long := timedelta(hours=1))
    server.clock.stop()
    made = await add(admin, receiver.url)
    await admin.follow()
    receiver.answers += [500, 500]
    await happen(server, 1)
    await eventually(lambda: receiver.asked == 1)

    async def failing() -> bool:
        return (await shown(admin))["failing_since"] is not None

    await eventually(failing)
    server.clock.ahead += long + timedelta(seconds=1)

    async def paused() -> bool:
        return (await shown(admin))["state"] == "paused"

    await eventually(paused)
    await happen(server, 2)

    def told() -> bool:
        return "webhook_paused" in [each["data"]["code"] for each in admin.of_type("notice")]

    await eventually(told)
    assert receiver.got == []
    status, webhook = await admin.ask("PATCH", f"webhooks/{made['id']}", {"state": "active"})
    assert (status, webhook["state"], webhook["last_error"]) == (200, "active", None)
    await eventually(lambda: numbers(receiver) == [1, 2])


async def test_one_that_says_gone_rests_at_once(
    server: DeskServer, admin: Client, receiver: Receiver
) -> None:
    await add(admin, receiver.url)
    receiver.answers.append(410)
    await happen(server, 1)

    async def paused() -> bool:
        return (await shown(admin))["state"] == "paused"

    await eventually(paused)


async def test_another_process_goes_on_where_one_died(url: str, tmp_path: Path, receiver: Receiver) -> None:
    async with serving(url, tmp_path) as server, logged_in(server, "admin") as admin:
        await add(admin, receiver.url)
        async with telling(server):
            await happen(server, 1, 2)
            await eventually(lambda: numbers(receiver) == [1, 2])
        await happen(server, 3)
        # The dead one's lease has to run out.
        server.clock.ahead += timedelta(minutes=1)
        async with telling(server):
            await eventually(lambda: numbers(receiver) == [1, 2, 3])


async def test_a_webhook_is_tried_and_its_secret_is_shown_once(
    server: DeskServer, admin: Client, receiver: Receiver
) -> None:
    made = await add(admin, receiver.url)
    assert (await shown(admin))["secret"] is None
    path = f"webhooks/{made['id']}"
    assert await admin.ask("POST", f"{path}/test") == (200, {"taken": True, "reason": None})
    assert receiver.types() == ["test"]
    receiver.answers.append(404)
    assert (await admin.ask("POST", f"{path}/test"))[1] == {"taken": False, "reason": "it answers 404"}
    _, renewed = await admin.ask("POST", f"{path}/secret")
    assert renewed["secret"] not in (None, made["secret"])
    assert (await admin.ask("DELETE", path))[0] == 204
    for method, where in (("DELETE", path), ("PATCH", path), ("POST", f"{path}/test")):
        assert (await admin.ask(method, where))[0] == 404
    await happen(server, 1)
    assert (await admin.get("webhooks"))["items"] == []


@pytest.mark.parametrize(
    ("address", "events"),
    [
        ("ftp://crm.example/", ["call"]),
        ("https://", ["call"]),
        ("https://user:password@crm.example/", ["call"]),
        ("https://crm.example/ x", ["call"]),
        ("https://crm.example/", []),
        ("https://crm.example/", ["call", "call"]),
        ("https://crm.example/", ["everything"]),
    ],
)
async def test_what_cannot_be_told_is_refused(admin: Client, address: str, events: list[str]) -> None:
    assert (await admin.ask("POST", "webhooks", {"url": address, "events": events}))[0] == 422


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:{}/", "http://localhost:{}/", "http://[::ffff:127.0.0.1]:{}/"]
)
async def test_what_is_not_public_is_not_reached_unless_the_settings_say_so(
    receiver: Receiver, address: str
) -> None:
    port = receiver.url.rstrip("/").rpartition(":")[2]
    event = Event(id=1, type="test", at="", data={})
    with pytest.raises(Transient, match="not public"):
        await Outgoing()(address.format(port), "secret", event)
    assert receiver.asked == 0


async def test_the_receiver_of_the_howto_takes_what_is_signed_and_each_once(
    server: DeskServer, admin: Client, tmp_path: Path
) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", HOWTO.read_text(), re.MULTILINE | re.DOTALL)
    (port,) = free_ports(1)
    made = await add(admin, f"http://127.0.0.1:{port}/")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        env={**os.environ, "SECRET": made["secret"], "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        await happen(server, 1)

        async def taken() -> bool:
            server.clock.ahead += timedelta(seconds=1)
            return (await shown(admin))["told_at"] is not None

        await eventually(taken)
        assert "note" in (await process.stdout.readline()).decode()
        event = Event(id=1, type="entry", at="", data={"repeated": True})
        with pytest.raises(Transient, match="403"):
            await Outgoing(HERE)(f"http://127.0.0.1:{port}/", "a guess", event)
        await Outgoing(HERE)(f"http://127.0.0.1:{port}/", made["secret"], event)
    finally:
        process.terminate()
        rest, _ = await process.communicate()
    assert rest == b""


async def test_who_is_no_admin_sees_none(server: DeskServer) -> None:
    async with logged_in(server, "103") as supervisor:
        assert (await supervisor.ask("GET", "webhooks"))[0] == 403
        assert (await supervisor.ask("POST", f"webhooks/{new_id()}/test"))[0] == 403

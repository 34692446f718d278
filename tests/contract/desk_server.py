"""A whole desk server on a free port of this machine, over a real database; and clients of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bridge.bus.far_telephony import FarTelephony
from bridge.bus.memory import MemoryBus
from bridge.bus.relay import FeedFollower, FeedRelay
from bridge.bus.watcher import Watcher
from bridge.channels.registry import make_channels
from bridge.channels.webhook import Inlet
from bridge.desk.app import make_app
from bridge.desk.live import Hub
from bridge.desk.metrics import Metrics
from bridge.desk.presence import PresenceBoard
from bridge.desk.services import Services
from bridge.desk.sessions import Sessions, hash_password, hash_token
from bridge.domain.agent import Agent, Role
from bridge.domain.customer import Identity
from bridge.domain.health import Versions, Vitals
from bridge.domain.ports import Bus, Subject
from bridge.domain.times import utc_now
from bridge.flows.call_sink import CallFlow
from bridge.flows.telephony import HereTelephony, Telephony, WatchVitals
from bridge.flows.track_call import Folders
from bridge.secrets import InboxSecrets
from bridge.settings import Desk as DeskSettings
from bridge.settings import Settings
from bridge.store import agents, people
from bridge.store.engine import Database
from bridge.store.people import NewCustomer
from bridge.wiring.channels import make_beginners
from tests.fakes.call_control import FakeCallControl
from tests.fakes.scripted_call import PBX

PASSWORD = "correct horse battery staple"
PHONE_KEY = "k" * 32
POP_KEY = "p" * 32
HOOK_SECRET = "h" * 32
VERIFY_TOKEN = "v" * 32
HOOK_INBOXES = ("shop/main", "telegram/bot", "whatsapp/106540352242922")
# One hashing for all: it is slow on purpose.
_HASH = hash_password(PASSWORD)
VITALS = Vitals(
    started_at="2026-11-22T08:00:00Z",
    versions=Versions("0.1.0", "22.10.1", "3.11.7"),
    ami_lag_ms=0.7,
    waiting_news=0,
    waiting_writes=0,
    waiting_work=3,
    waiting_work_seconds=4.2,
    calls_open=2,
    desks=4,
    stalls=1,
)

PEOPLE = (
    ("101", Role.AGENT, "101"),
    ("102", Role.AGENT, "102"),
    ("103", Role.SUPERVISOR, "103"),
    ("admin", Role.ADMIN, None),
)


class Clock:
    """The wall clock, moved by hand; `seconds` only moves by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.seconds = 0.0

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class DeskServer:
    """What a test may reach of a running desk server."""

    url: str
    db: Database
    calls: CallFlow
    hub: Hub
    bus: Bus
    control: FakeCallControl
    clock: Clock
    folders: Folders
    missing: dict[str, str]
    agents: dict[str, Agent]
    telephony: Telephony

    async def settle(self) -> None:
        """All that calls have told so far is in the database."""
        await self.calls.call_log.drain()

    async def add_customer(self, name: str, *phones: str) -> str:
        """The id of a new customer."""

        def add(connection: Any) -> str:
            customer_id = people.make_customer(connection, NewCustomer(name=name), utc_now())
            for phone in phones:
                people.add_identity(
                    connection, customer_id, Identity("phone", phone), evidence={}, at=utc_now()
                )
            return customer_id

        return await self.db.write(add)


@dataclass
class Client:
    """A logged-in desk client. `messages` is what came over its WebSocket."""

    server: DeskServer
    login: str
    http: aiohttp.ClientSession
    token: str = ""
    csrf: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    socket: aiohttp.ClientWebSocketResponse | None = None

    async def ask(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """Status and JSON (None where there is none) of a request under /api/v1/."""
        address = f"{self.server.url}/api/v1/{path}"
        async with self.http.request(method, address, json=body, **options) as answer:
            text = await answer.read()
            return answer.status, await answer.json(content_type=None) if text else None

    async def get(self, path: str, **query: Any) -> Any:
        status, answer = await self.ask("GET", path, params=query)
        assert status == 200, (status, answer)
        return answer

    async def follow(self, after: str | None = None) -> None:
        """Open the WebSocket and collect what comes."""
        query = {} if after is None else {"after": after}
        self.socket = await self.http.ws_connect(f"{self.server.url}/api/v1/live", params=query)
        self._reader = asyncio.create_task(self._read(self.socket))
        await self.wait_for("notice")

    async def leave(self) -> None:
        if self.socket is not None:
            await self.socket.close()
            await self._reader
            self.socket = None

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            self.messages.append(message.json())

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    async def wait_for(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """At least `count` messages of this kind."""
        return await eventually(lambda: found if len(found := self.of_type(kind)) >= count else None)


async def eventually(probe: Callable[[], Any], within: float = 5.0) -> Any:
    """What `probe` gives (or awaits to) once it is true."""
    async with asyncio.timeout(within):
        while True:
            found = probe()
            if isinstance(found, Awaitable):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.005)


@asynccontextmanager
async def serving(
    url: str,
    home: Path,
    *,
    wrap_up_seconds: float = 60,
    clock: Clock | None = None,
    bus: Bus | None = None,
    watched_at: Bus | None = None,
) -> AsyncIterator[DeskServer]:
    """A desk server over the database at `url`, with four people.

    With `watched_at`, the end of a bus that somebody else runs, calls are watched there as in another process.
    """
    db, clock = Database(url), clock or Clock()
    await db.open()
    settings = Settings(desk=DeskSettings(wrap_up_seconds=wrap_up_seconds))
    known = {}
    for login, role, extension in PEOPLE:
        known[login] = await db.write(
            agents.save_agent,
            login=login,
            name=f"Agent {login}",
            role=role,
            extension=extension,
            language="en",
            password_hash=_HASH,
            phone_key_hash=hash_token(PHONE_KEY) if extension else None,
            at=utc_now(),
        )
    hub, control = Hub(db), FakeCallControl()
    bus = bus or MemoryBus()
    follower = FeedFollower(db, bus, hub.publish)
    await follower.start()
    watcher = Watcher(watched_at, PBX) if watched_at is not None else None
    metrics = Metrics()
    metrics.watch("desks", "Open desks", hub.__len__)
    folders = Folders(home / "recordings", home / "voicemail")
    calls = CallFlow(
        db=db,
        settings=settings,
        folders=folders,
        control=control,
        emit=hub.emit if watcher is None else watcher.emit,
        wake_feed=partial(bus.tell, Subject.FEED),
        observe_pop=metrics.observe_pop,
        clock=clock,
        pop_key=POP_KEY,
    )
    missing: dict[str, str] = {}

    async def check_ami() -> str | None:
        return missing.get("ami")

    async def read_watch_vitals() -> WatchVitals:
        return WatchVitals()

    async def read_vitals() -> Vitals:
        return VITALS

    here = HereTelephony(calls, read_watch_vitals)
    far = FarTelephony(bus, hub.emit)
    services = Services(
        db=db,
        settings=settings,
        sessions=Sessions(db, clock, clock.monotonic),
        hub=hub,
        telephony=here if watcher is None else far,
        wake_feed=partial(bus.tell, Subject.FEED),
        readiness={"ami": check_ami},
        metrics=metrics,
        recordings=folders.recordings,
        attachments=home / "attachments",
        web=home / "web",
        clock=clock,
        vitals=read_vitals,
        inlet=Inlet(
            db,
            make_channels(settings),
            {name: InboxSecrets(hook_secret=HOOK_SECRET, verify_token=VERIFY_TOKEN) for name in HOOK_INBOXES},
            partial(bus.tell, Subject.WORK),
            clock,
        ),
        beginners=make_beginners(settings),
        presence=PresenceBoard(bus, clock),
    )
    await calls.start()
    tasks = [asyncio.create_task(run()) for run in (bus.run, FeedRelay(db, bus, clock).run, follower.run)]
    if watcher is not None:
        tasks += [asyncio.create_task(far.run()), asyncio.create_task(watcher.run(here))]
    runner = web.AppRunner(make_app(services), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield DeskServer(
        f"http://{host}:{port}",
        db,
        calls,
        hub,
        bus,
        control,
        clock,
        folders,
        missing,
        known,
        services.telephony,
    )
    await hub.close()
    await runner.cleanup()
    await calls.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await db.close()


@asynccontextmanager
async def logged_in(server: DeskServer, login: str) -> AsyncIterator[Client]:
    """A client with a Bearer token, as a program has it; no cookies."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        client = Client(server, login, http)
        status, answer = await client.ask("POST", "login", {"login": login, "password": PASSWORD})
        assert status == 200, answer
        client.token, client.csrf = answer["token"], answer["csrf"]
        http.headers["Authorization"] = f"Bearer {client.token}"
        yield client
        await client.leave()

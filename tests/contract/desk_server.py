"""A whole desk server on a free port of this machine, over a real database; and clients of it."""

from __future__ import annotations

import asyncio
from collections import ChainMap
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web
from argon2 import PasswordHasher

from bridge.bus.far_telephony import FarTelephony
from bridge.bus.memory import MemoryBus
from bridge.bus.relay import FeedFollower, FeedRelay
from bridge.bus.watcher import Watcher
from bridge.channels.fronts import FrontNeeds, make_fronts
from bridge.channels.registry import make_channels
from bridge.channels.simulators import INBOXES as SAMPLE_INBOXES
from bridge.channels.webhook import Inlet
from bridge.desk.app import make_app
from bridge.desk.live import Hub
from bridge.desk.metrics import Metrics
from bridge.desk.presence import PresenceBoard
from bridge.desk.services import Services
from bridge.desk.sessions import Sessions, hash_token
from bridge.domain.agent import Agent, Role
from bridge.domain.customer import Identity
from bridge.domain.health import Versions, Vitals
from bridge.domain.ports import Bus, Subject
from bridge.domain.times import utc_now
from bridge.flows.call_sink import CallFlow
from bridge.flows.follow_link import ways_of
from bridge.flows.telephony import HereTelephony, Telephony, WatchVitals
from bridge.flows.templates import Templates
from bridge.flows.track_call import Folders
from bridge.secrets import InboxBook, InboxSecrets, load_or_make
from bridge.settings import Chat, Did, Settings, Shop, Telegram, Webhooks
from bridge.settings import Desk as DeskSettings
from bridge.store import agents, people
from bridge.store.engine import Database
from bridge.store.feed import FeedRow
from bridge.store.people import NewCustomer
from bridge.wiring.channels import make_outgoing
from tests.fakes.call_control import FakeCallControl
from tests.fakes.scripted_call import DID, PBX

PASSWORD = "correct horse battery staple"
PHONE_KEY = "k" * 32
POP_KEY = "p" * 32
HOOK_SECRET = "h" * 32
LINK_KEY = "l" * 32
WEBHOOK_KEY = "w" * 32
VERIFY_TOKEN = "v" * 32
HOOK_INBOXES = (
    "shop/main",
    "telegram/bot",
    "whatsapp/106540352242922",
    "chat/site",
    *("/".join(inbox) for inbox in SAMPLE_INBOXES),
)
SITE = "https://shop.example"
# A hash says itself how much work it is; the product's is slow on purpose, which is not for every test to wait for.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_HASH = QUICK.hash(PASSWORD)
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
        self._stopped_at: datetime | None = None

    def __call__(self) -> datetime:
        return (self._stopped_at or utc_now()) + self.ahead

    def stop(self) -> None:
        """From now on it only moves by hand: what is for later is not done because this machine was slow."""
        self._stopped_at = utc_now()

    def monotonic(self) -> float:
        return self.seconds


class Letters:
    """Implements `CodeSender`: what was sent to whom, or why not."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.fault: Exception | None = None

    async def send_code(self, address: str, code: str, language: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.sent.append((address, code, language))


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
    letters: Letters

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


async def eventually(probe: Callable[[], Any], within: float = 30.0) -> Any:
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
    templates: Templates | None = None,
    telegram: Telegram = Telegram(),  # noqa: B008 - it cannot be changed
    site: str = SITE,
) -> AsyncIterator[DeskServer]:
    """A desk server over the database at `url`, with four people.

    With `watched_at`, the end of a bus that somebody else runs, calls are watched there as in another process. `site` is the
    origin of the site with the chat.
    """
    db, clock = Database(url), clock or Clock()
    await db.open()
    settings = Settings(
        desk=DeskSettings(wrap_up_seconds=wrap_up_seconds),
        dids=(Did(number=DID, queue="sales"),),
        webhooks=Webhooks(networks=("127.0.0.0/8",)),
        telegram=telegram,
        shop=Shop(callback="http://127.0.0.1:9/{inbox}"),
        chats=(Chat(inbox="site", origins=(site,), title="Kettles & Tea"),),
    )
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
        link_key=LINK_KEY,
    )
    load_or_make(home)
    # Those of the cases are known; what is added at the desk is in the home.
    book: Any = InboxBook(home)
    hooks = {name: InboxSecrets(hook_secret=HOOK_SECRET, verify_token=VERIFY_TOKEN) for name in HOOK_INBOXES}
    missing: dict[str, str] = {}
    letters = Letters()
    fronts = make_fronts(
        FrontNeeds(
            db=db,
            bus=bus,
            settings=settings,
            secrets=hooks,
            committed=partial(_wake, bus),
            emit=hub.emit,
            is_anybody_there=lambda: len(hub) > 0,
            codes=letters,
            ways=ways_of(settings, LINK_KEY),
            web=home / "web",
            attachments=home / "attachments",
            clock=clock,
            monotonic=clock.monotonic,
        )
    )

    def publish(rows: Sequence[FeedRow]) -> None:
        for each in (hub, *fronts):
            each.publish(rows)

    follower = FeedFollower(db, bus, publish)
    await follower.start()

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
        readiness={"ami": check_ami, "database": calls.find_database_fault},
        metrics=metrics,
        recordings=folders.recordings,
        attachments=home / "attachments",
        web=home / "web",
        clock=clock,
        vitals=read_vitals,
        inlet=Inlet(
            db,
            make_channels(settings),
            ChainMap(hooks, book),
            partial(bus.tell, Subject.WORK),
            clock,
        ),
        templates=templates or Templates({}, {}, clock),
        ways=ways_of(settings, LINK_KEY),
        channels=make_channels(settings),
        inboxes=book,
        webhook_key=WEBHOOK_KEY,
        post_event=make_outgoing(settings),
        tell_typing=lambda told: bus.tell(Subject.TYPING, msgspec.json.encode(told)),
        mounts=[front.mount for front in fronts],
        presence=PresenceBoard(bus, clock),
    )
    await calls.start()
    runs = (bus.run, FeedRelay(db, bus, clock).run, follower.run, *(front.run for front in fronts))
    tasks = [asyncio.create_task(run()) for run in runs]
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
        letters,
    )
    await hub.close()
    await runner.cleanup()
    await calls.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await db.close()


def _wake(bus: Bus) -> None:
    bus.tell(Subject.FEED)
    bus.tell(Subject.WORK)


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

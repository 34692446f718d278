"""The composition root: the only module that builds adapters and puts them together."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from bridge.agi_metrics import AgiCollector
from bridge.bus.memory import MemoryBus
from bridge.bus.outbox import OutboxConsumer
from bridge.bus.redis import RedisBus
from bridge.bus.relay import FeedFollower, FeedRelay
from bridge.desk.admin import save_admin
from bridge.desk.app import make_app
from bridge.desk.live import Hub
from bridge.desk.metrics import Metrics
from bridge.desk.services import ReadinessCheck, Services
from bridge.desk.sessions import Sessions
from bridge.domain.agent import Agent
from bridge.domain.phone import BROWSER, Rung, phone_rungs
from bridge.domain.ports import Bus, Subject
from bridge.domain.times import utc_now
from bridge.domain.topic import Group
from bridge.errors import InvalidInput
from bridge.flows.call_sink import CallFlow
from bridge.flows.track_call import Folders
from bridge.flows.transcribe_recording import TranscribeRecording
from bridge.secrets import Secrets, load_or_make
from bridge.settings import Settings, database_url, desk_url
from bridge.sole_server import sole_server
from bridge.store import agents
from bridge.store.engine import Database
from bridge.store.migrations import upgrade
from bridge.vitals import VitalSigns
from bridge.watchdog import Watchdog
from pbx.agi.child import AgiChild
from pbx.agi.probe import passes_self_test
from pbx.ami import call_records
from pbx.ami.call_records import CallRecords
from pbx.ami.client import AmiAccount, AmiClient
from pbx.ami.control import AmiControl
from pbx.ami.facts import EVENTS
from pbx.ami.tracker import Tracker
from pbx.asterisk.config import AgentPhone, DidConfig, PbxConfig, QueueConfig
from pbx.asterisk.find import get_asterisk
from pbx.asterisk.keeper import AsteriskKeeper
from pbx.asterisk.ports import find_own_address
from pbx.asterisk.process import AsteriskProcess
from pbx.asterisk.render import copy_shipped, render
from pbx.errors import Rejected, Transient
from transcripts.client import SpeechWorker

LOOPBACK: Final = "127.0.0.1"
DIST: Final = Path(__file__).parent / "desk/web/dist"
"""The built desk."""

log = structlog.get_logger()


def pbx_config(home: Path, settings: Settings, secrets: Secrets, agents: Sequence[Agent]) -> PbxConfig:
    """What Asterisk's configuration is rendered from.

    Raises InvalidInput for an agent without a phone's secrets, Rejected for what Asterisk cannot take.
    """
    phones = []
    for agent in agents:
        if agent.extension is None:
            continue
        if agent.extension not in secrets.phones:
            raise InvalidInput(
                f"extension {agent.extension} has no password", where=str(home / "secrets.toml")
            )
        phone = secrets.phones[agent.extension]
        make = phone_rungs(settings, agent.extension)
        phones.append(
            AgentPhone(
                agent.extension,
                agent.name,
                phone.sip_password,
                agent.language,
                phone.voicemail_pin,
                call_info=Rung.CALL_INFO in make.rungs,
                card_header=Rung.CARD_HEADER in make.rungs,
                browser=make.profile == BROWSER,
            )
        )
    return PbxConfig(
        ami_secret=secrets.ami_secret,
        recordings=home / "recordings",
        voicemail=home / "voicemail",
        agents=tuple(phones),
        queues=tuple(
            QueueConfig(
                q.name, q.members, settings.queue.ring_seconds, settings.queue.wait_seconds, q.strategy
            )
            for q in settings.queues
        ),
        dids=tuple(DidConfig(did.number, did.queue, did.language) for did in settings.dids),
        name=settings.asterisk.name,
        sip_host=settings.sip.host,
        sip_port=settings.sip.port,
        own_address=find_own_address(),
        rtp_start=settings.sip.rtp_start,
        rtp_end=settings.sip.rtp_end,
        http_port=settings.asterisk.http_port,
        ami_port=settings.ami.port,
        agi_port=settings.agi.port,
        ami_events=tuple(sorted(EVENTS)),
        pop_key=secrets.pop_key,
        desk_url=desk_url(settings),
    )


class Server:
    """Everything of one home in one process and its children: Asterisk, AGI, and speech from the first recording on."""

    def __init__(
        self, home: Path, settings: Settings, *, agi_command: Sequence[str], say: Callable[[str], None]
    ) -> None:
        """`agi_command` starts this program in the role agi; `say` tells the person at the terminal."""
        self._home = home
        self._settings = settings
        self._agi_command = agi_command
        self._say = say
        self._stack = AsyncExitStack()
        self._broken: asyncio.Future[str] | None = None
        self._asterisk: AsteriskProcess | None = None
        self._keeper: AsteriskKeeper | None = None
        self.secrets: Secrets | None = None

    async def start(self) -> None:
        """Start all of it. Raises what says what to change: a port or the home in use, no Asterisk, a full disk."""
        self._broken = asyncio.get_running_loop().create_future()
        self._stack.enter_context(sole_server(self._home))
        watchdog = Watchdog()
        watchdog.start()
        self._stack.callback(watchdog.stop)
        db = await self._open_database()
        people = await db.read(agents.list_agents)
        extensions = tuple(agent.extension for agent in people if agent.extension)
        self.secrets = load_or_make(self._home, extensions)
        await db.write(save_admin, self._settings, self.secrets, utc_now())
        config = pbx_config(self._home, self._settings, self.secrets, people)
        client = AmiClient(AmiAccount(LOOPBACK, config.ami_port, config.ami_user, config.ami_secret))
        child = AgiChild(self._agi_command)
        hub = Hub(db)
        self._stack.push_async_callback(hub.close)
        bus = make_bus(self._settings.bus.url)
        self._run(bus.run(), "bus")
        follower = FeedFollower(db, bus, hub.publish)
        await follower.start()
        metrics = Metrics()
        metrics.add(AgiCollector(child))
        calls = self._make_call_flow(db, client, hub, bus, metrics)
        self._vitals = VitalSigns(metrics, client, calls, hub, watchdog)
        await self._serve_desk(db, hub, calls, bus, self._readiness(client, child), metrics)
        await self._start_pbx(config, child)
        self._run(FeedRelay(db, bus, utc_now).run(), "feed-relay")
        self._run(follower.run(), "feed-follower")
        await self._start_transcriber(db, bus)
        open_calls, watched_until = await calls.start()
        self._stack.push_async_callback(calls.close)
        tracker = Tracker(
            config.name,
            calls,
            open_calls,
            watched_until,
            records=CallRecords(self._home / call_records.FILE),
            observe_lag=metrics.observe_ami_lag,
            clock=utc_now,
        )
        self._run(client.run(), "ami-client")
        self._run(tracker.run(client.news), "ami-tracker")

    @property
    def adopted(self) -> bool:
        """Whether Asterisk ran before we came."""
        return self._keeper is not None and self._keeper.adopted

    async def wait_broken(self) -> str:
        """Waits for what cannot be mended while running, and says what it was."""
        assert self._broken is not None
        return await self._broken

    async def stop(self, *, leave_asterisk: bool = False) -> None:
        """Stop all of it, Asterisk first so that the ends of its calls are still heard and kept."""
        if self._keeper is not None:
            await self._keeper.stop(leave_running=leave_asterisk)
        await self._stack.aclose()

    async def _open_database(self) -> Database:
        url = database_url(self._home, self._settings)
        await asyncio.to_thread(upgrade, url)
        db = Database(url)
        await db.open()
        self._stack.push_async_callback(db.close)
        return db

    def _make_call_flow(
        self,
        db: Database,
        client: AmiClient,
        hub: Hub,
        bus: Bus,
        metrics: Metrics,
    ) -> CallFlow:
        def committed() -> None:
            bus.tell(Subject.FEED)
            bus.tell(Subject.WORK)

        assert self.secrets is not None
        return CallFlow(
            db=db,
            settings=self._settings,
            folders=Folders(self._home / "recordings", self._home / "voicemail"),
            control=AmiControl(client, self._command),
            emit=hub.emit,
            observe_pop=metrics.observe_pop,
            wake_feed=committed,
            clock=utc_now,
            pop_key=self.secrets.pop_key,
        )

    async def _start_transcriber(self, db: Database, bus: Bus) -> None:
        worker = await self._stack.enter_async_context(SpeechWorker())
        flow = TranscribeRecording(
            db=db,
            settings=self._settings,
            recordings=self._home / "recordings",
            models=self._home / "models",
            transcribe=worker.transcribe,
            committed=partial(bus.tell, Subject.FEED),
            clock=utc_now,
        )
        consumer = OutboxConsumer(db, bus, Group.TRANSCRIBER, flow, utc_now)
        self._vitals.watch_work(consumer)
        self._run(consumer.run(), "transcriber")

    async def _serve_desk(
        self,
        db: Database,
        hub: Hub,
        calls: CallFlow,
        bus: Bus,
        readiness: Mapping[str, ReadinessCheck],
        metrics: Metrics,
    ) -> None:
        services = Services(
            db=db,
            settings=self._settings,
            sessions=Sessions(db, utc_now),
            hub=hub,
            calls=calls,
            wake_feed=partial(bus.tell, Subject.FEED),
            readiness=readiness,
            metrics=metrics,
            recordings=self._home / "recordings",
            web=DIST,
            clock=utc_now,
            vitals=self._vitals.read,
        )
        runner = web.AppRunner(make_app(services), access_log=None)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        http = self._settings.http
        try:
            await web.TCPSite(runner, http.host, http.port, shutdown_timeout=1).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise Rejected(
                f"port {http.port} is in use: stop what uses it, or set http.port to a free one"
            ) from error

    def _readiness(self, client: AmiClient, child: AgiChild) -> Mapping[str, ReadinessCheck]:
        async def ami() -> str | None:
            return None if client.is_connected else "AMI is not logged in"

        async def agi() -> str | None:
            passed = child.port and await passes_self_test(LOOPBACK, child.port)
            return None if passed else "the AGI process does not answer its self-test"

        return {"ami": ami, "agi": agi}

    async def _command(self, line: str) -> str:
        """What Asterisk's console answers. Raises Transient where it does not run."""
        if self._asterisk is None:
            raise Transient("Asterisk is not started yet")
        return await self._asterisk.command(line)

    async def _start_pbx(self, config: PbxConfig, child: AgiChild) -> None:
        asterisk = await asyncio.to_thread(get_asterisk)
        await asyncio.to_thread(copy_shipped, self._home)
        await asyncio.to_thread(render, self._home, config, asterisk)
        self._asterisk = AsteriskProcess(self._home, config, asterisk)
        keeper = self._keeper = AsteriskKeeper(self._asterisk, self._say)
        self._vitals.watch_asterisk(asterisk.version, lambda: keeper.restarts)
        self._stack.push_async_callback(child.stop)
        await asyncio.gather(keeper.start(), child.start())

    def _run(self, work: Coroutine[None, None, None], name: str) -> None:
        """Runs for as long as the server; one that fails breaks it."""

        def ended(task: asyncio.Task[None]) -> None:
            assert self._broken is not None
            if not task.cancelled() and not self._broken.done():
                self._broken.set_result(f"{name} ended: {task.exception()}")

        task = asyncio.create_task(work, name=name)
        task.add_done_callback(ended)
        self._stack.push_async_callback(_cancel, task)


def make_bus(url: str) -> Bus:
    """The bus of `bus.url`. Raises InvalidInput."""
    return MemoryBus() if url == Settings().bus.url else RedisBus(url)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

"""Watching the calls of one Asterisk: its AMI read, folded, kept, and shown to the desks that `emit` reaches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy import Connection

from bridge.bus.held_lease import HeldLease
from bridge.bus.watcher import Watcher
from bridge.domain.live import Emit
from bridge.domain.times import utc_now
from bridge.flows.call_sink import CallFlow
from bridge.flows.telephony import HereTelephony, WatchVitals
from bridge.flows.track_call import Folders
from bridge.wiring.ground import LOOPBACK, Ground
from bridge.wiring.pbx import agi_fault
from pbx.ami import call_records
from pbx.ami.call_records import CallRecords
from pbx.ami.client import AmiAccount, AmiClient
from pbx.ami.control import AmiControl
from pbx.ami.tracker import Tracker
from pbx.asterisk.config import PbxConfig
from pbx.asterisk.find import get_asterisk
from pbx.asterisk.process import AsteriskProcess

Command = Callable[[str], Awaitable[str]]
"""What Asterisk's console answers. Raises Transient where it does not run."""
Fence = Callable[[Connection], None]


class Watch:
    """`calls` is to be asked from the beginning; `start` begins to watch, until the ground is cleared."""

    def __init__(
        self,
        ground: Ground,
        config: PbxConfig,
        command: Command,
        emit: Emit,
        version: str,
        fence: Fence | None = None,
    ) -> None:
        """`command` is Asterisk's console, `version` its own; `fence` is that of `CallFlow`."""
        self._ground = ground
        self._config = config
        self._version = version
        self.client = AmiClient(AmiAccount(LOOPBACK, config.ami_port, config.ami_user, config.ami_secret))
        self.calls = CallFlow(
            db=ground.db,
            settings=ground.settings,
            folders=Folders(ground.recordings, ground.home / "voicemail"),
            control=AmiControl(self.client, command),
            emit=emit,
            observe_pop=ground.metrics.observe_pop,
            wake_feed=ground.committed,
            clock=utc_now,
            pop_key=ground.secrets.pop_key,
            link_key=ground.secrets.link_key,
            fence=fence,
        )
        client, calls, show = self.client, self.calls, ground.metrics.watch
        show("ami_connected", "Whether AMI is logged in", lambda: client.is_connected)
        show("ami_waiting", "AMI news not yet folded", client.news.qsize)
        show("calls_open", "Calls that are up or ringing", lambda: calls.open_calls)
        show("writes_waiting", "Writes of calls not yet in the database", lambda: len(calls.call_log))

    async def start(self) -> None:
        """Go on from what the store knows. Raises Transient when it is not there."""
        open_calls, watched_until = await self.calls.start()
        self._ground.stack.push_async_callback(self.calls.close)
        tracker = Tracker(
            self._config.name,
            self.calls,
            open_calls,
            watched_until,
            records=CallRecords(self._ground.home / call_records.FILE),
            observe_lag=self._ground.metrics.observe_ami_lag,
            clock=utc_now,
        )
        self._ground.metrics.watch(
            "calls_retelling", "Whether calls of a gap are still to be told", lambda: tracker.is_retelling
        )
        self._ground.run(self.client.run(), "ami-client")
        self._ground.run(tracker.run(self.client.news), "ami-tracker")
        self._ground.run(tracker.retell(), "ami-retelling")

    async def find_ami_fault(self) -> str | None:
        return None if self.client.is_connected else "AMI is not logged in"

    async def read_vitals(self) -> WatchVitals:
        lag = self._ground.metrics.ami_lag
        found = {
            "ami": await self.find_ami_fault(),
            "agi": await agi_fault(self._config.agi_port),
            "database": await self.calls.find_database_fault(),
        }
        return WatchVitals(
            asterisk=self._version,
            ami_lag_ms=None if lag is None else round(lag * 1000, 1),
            waiting_news=self.client.news.qsize(),
            waiting_writes=len(self.calls.call_log),
            calls_open=self.calls.open_calls,
            missing={part: fault for part, fault in found.items() if fault is not None},
        )


async def watch_when_leased(ground: Ground, config: PbxConfig) -> None:
    """Watch this Asterisk once nobody else does."""
    asterisk = await asyncio.to_thread(get_asterisk)
    lease = HeldLease(ground.db, f"ami:{config.name}", utc_now)
    await lease.wait()
    ground.stack.push_async_callback(lease.release)
    watcher = Watcher(ground.bus, config.name)
    command = AsteriskProcess(ground.home, config, asterisk).command
    watch = Watch(ground, config, command, watcher.emit, asterisk.version, lease.fence)
    await watch.start()
    ground.run(watcher.run(HereTelephony(watch.calls, watch.read_vitals)), "watcher")
    await lease.keep()

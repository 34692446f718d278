"""What a process with desks knows of the installation: the numbers of the health page."""

from __future__ import annotations

import platform
from contextlib import suppress
from importlib.metadata import version

from bridge.desk.live import Hub
from bridge.domain.health import Versions, Vitals
from bridge.domain.times import iso, utc_now
from bridge.domain.topic import Group
from bridge.errors import Transient
from bridge.flows.telephony import Telephony, WatchVitals
from bridge.store import outbox
from bridge.store.engine import Database
from bridge.store.outbox import Backlog
from bridge.watchdog import Watchdog


class VitalSigns:
    """`read` gives them; of what cannot be asked there is nothing."""

    def __init__(self, db: Database, telephony: Telephony, hub: Hub, watchdog: Watchdog) -> None:
        self._db = db
        self._telephony = telephony
        self._hub = hub
        self._watchdog = watchdog
        self._started_at = utc_now()

    async def read(self) -> Vitals:
        watch, now = WatchVitals(), utc_now()
        work = Backlog(0, None, is_due=False, dead=0)
        with suppress(Transient):  # nobody watches the calls, which is said elsewhere
            watch = await self._telephony.read_vitals()
        with suppress(Transient):  # the database is away, which is said elsewhere
            work = await self._db.read(outbox.measure, Group.TRANSCRIBER, now)
        return Vitals(
            started_at=iso(self._started_at),
            versions=Versions(version("omniline"), watch.asterisk, platform.python_version()),
            ami_lag_ms=watch.ami_lag_ms,
            waiting_news=watch.waiting_news,
            waiting_writes=watch.waiting_writes,
            waiting_work=work.waiting,
            waiting_work_seconds=(now - (work.oldest or now)).total_seconds(),
            calls_open=watch.calls_open,
            desks=len(self._hub),
            stalls=self._watchdog.stalls,
        )

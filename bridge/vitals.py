"""What the server's process knows of itself: gauges of /metrics, and the numbers of the health page."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib.metadata import version

from bridge.bus.outbox import OutboxConsumer
from bridge.desk.live import Hub
from bridge.desk.metrics import Metrics
from bridge.domain.health import Versions, Vitals
from bridge.domain.times import iso, utc_now
from bridge.domain.topic import Group
from bridge.flows.call_sink import CallFlow
from bridge.watchdog import Watchdog
from pbx.ami.client import AmiClient


class VitalSigns:
    """`read` gives them. What starts later is watched from then on."""

    def __init__(
        self, metrics: Metrics, client: AmiClient, calls: CallFlow, hub: Hub, watchdog: Watchdog
    ) -> None:
        self._metrics = metrics
        self._client = client
        self._calls = calls
        self._hub = hub
        self._watchdog = watchdog
        self._work: OutboxConsumer | None = None
        self._asterisk_version = ""
        self._started_at = iso(utc_now())
        watch = metrics.watch
        watch("desks", "Open desks", lambda: len(hub))
        watch("ami_connected", "Whether AMI is logged in", lambda: client.is_connected)
        watch("ami_waiting", "AMI news not yet folded", client.news.qsize)
        watch("calls_open", "Calls that are up or ringing", lambda: calls.open_calls)
        watch("writes_waiting", "Writes of calls not yet in the database", lambda: len(calls.call_log))
        watch("loop_stalls", "Times that the event loop was blocked", lambda: watchdog.stalls)

    def watch_asterisk(self, asterisk_version: str, restarts: Callable[[], int]) -> None:
        self._asterisk_version = asterisk_version
        self._metrics.watch("asterisk_restarts", "Times that Asterisk died and was started again", restarts)

    def watch_work(self, transcriber: OutboxConsumer) -> None:
        self._work = transcriber
        self._metrics.watch(
            "transcripts_waiting", "Recordings whose words are still to come", lambda: transcriber.waiting
        )
        self._metrics.watch(
            "transcripts_waiting_seconds",
            "The age of the oldest of them",
            lambda: transcriber.waiting_seconds,
        )
        self._metrics.watch("dead_letters", "Work that was given up", lambda: transcriber.dead)
        self._metrics.watch_groups(
            "outbox_age_seconds",
            "The age of the oldest work of the outbox",
            {Group.TRANSCRIBER: lambda: transcriber.waiting_seconds},
        )

    def read(self) -> Vitals:
        lag = self._metrics.ami_lag
        return Vitals(
            started_at=self._started_at,
            versions=Versions(version("omniline"), self._asterisk_version, platform.python_version()),
            ami_lag_ms=None if lag is None else round(lag * 1000, 1),
            waiting_news=self._client.news.qsize(),
            waiting_writes=len(self._calls.call_log),
            waiting_work=self._work.waiting if self._work else 0,
            waiting_work_seconds=self._work.waiting_seconds if self._work else 0.0,
            calls_open=self._calls.open_calls,
            desks=len(self._hub),
            stalls=self._watchdog.stalls,
        )

"""What the desk's routes work with. Built by the composition root; nothing here builds anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aiohttp import web

from bridge.desk.live import Hub
from bridge.desk.metrics import Metrics
from bridge.desk.presence import PresenceBoard
from bridge.desk.sessions import Sessions
from bridge.domain.health import Vitals
from bridge.domain.ports import Begins
from bridge.flows.telephony import Telephony
from bridge.settings import Settings
from bridge.store.engine import Database

ReadinessCheck = Callable[[], Awaitable[str | None]]
"""Answers None when all is well, else in one English line what is missing."""


Inlet = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Services:
    """`telephony` is where the calls are watched: who rings, agent states, wrap-ups.

    `wake_feed` is called after every commit that appended to the feed. `readiness` by name: "ami", "agi",
    "asterisk"; the database is checked by the desk itself. `recordings` is the folder that the names of recordings are
    relative to; `attachments` is that of files. `web` is the built desk (may not exist). `vitals` is what the process
    knows of itself. `inlet` takes what providers send. `beginners` are the channels, by name, in which we may write first.
    """

    db: Database
    settings: Settings
    sessions: Sessions
    hub: Hub
    telephony: Telephony
    wake_feed: Callable[[], None]
    readiness: Mapping[str, ReadinessCheck]
    metrics: Metrics
    recordings: Path
    attachments: Path
    web: Path
    clock: Callable[[], datetime]
    vitals: Callable[[], Awaitable[Vitals]]
    inlet: Inlet
    beginners: Mapping[str, Begins]
    presence: PresenceBoard

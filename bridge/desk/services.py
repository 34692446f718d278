"""What the desk's routes work with. Built by the composition root; nothing here builds anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aiohttp import web

from bridge.desk.live import Hub
from bridge.desk.metrics import Metrics
from bridge.desk.presence import PresenceBoard
from bridge.desk.sessions import Sessions
from bridge.domain.health import Vitals
from bridge.domain.live import AgentTyping
from bridge.domain.ports import Channel
from bridge.domain.webhook import Event
from bridge.flows.follow_link import Ways
from bridge.flows.telephony import Telephony
from bridge.flows.templates import Templates
from bridge.flows.ways_to_write import Media
from bridge.secrets import InboxBook
from bridge.settings import Settings
from bridge.store.engine import Database

ReadinessCheck = Callable[[], Awaitable[str | None]]
"""Answers None when all is well, else in one English line what is missing."""


Inlet = Callable[[web.Request], Awaitable[web.StreamResponse]]
Mount = Callable[[web.Application], None]
"""Serves more paths beside the desk's."""


@dataclass(frozen=True, slots=True)
class Services:
    """`telephony` is where the calls are watched: who rings, agent states, wrap-ups.

    `wake_feed` is called after every commit that appended to the feed. `readiness` by name: "ami", "agi",
    "asterisk"; the database is checked by the desk itself. `recordings` is the folder that the names of recordings are
    relative to; `attachments` is that of files. `web` is the built desk (may not exist). `vitals` is what the process
    knows of itself. `inlet` takes what providers send; `templates` are what they have approved, and how long their windows
    are; `channels` by name, `inboxes` are their secrets, `mounts` channels with a server of their own; `ways` is for
    continue-links. `webhook_key` is what the secrets of outgoing webhooks are made with, `post_event` tells one: (url, secret,
    event). `tell_typing` is called while an agent writes.
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
    templates: Templates
    ways: Ways
    channels: Mapping[str, Channel]
    inboxes: InboxBook
    webhook_key: str
    post_event: Callable[[str, str, Event], Awaitable[None]]
    tell_typing: Callable[[AgentTyping], None]
    presence: PresenceBoard
    mounts: Sequence[Mount] = ()

    @property
    def media(self) -> Media:
        """In what customers can be written to."""
        return Media(self.channels, self.templates.windows)

"""How the installation is: what an admin looks at first when something feels wrong."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bridge.domain.queue import QueueLine

PARTS = ("ami", "agi", "database")
"""What must be up for calls to be taken."""


class Part(msgspec.Struct, frozen=True):
    """One of PARTS."""

    name: str
    ok: bool


class WatchedGap(msgspec.Struct, frozen=True):
    """Nobody watched the calls between the two times (ISO 8601)."""

    since: str
    until: str


class PhoneState(msgspec.Struct, frozen=True):
    extension: str
    name: str
    registered: bool


class Versions(msgspec.Struct, frozen=True):
    omniline: str
    asterisk: str
    python: str


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """What the process knows of itself.

    `ami_lag_ms` is from Asterisk's time of the newest news to when it was worked on, null before the first. `waiting_*` count
    what is behind: news not yet looked at, writes not yet stored, work of the outbox not yet done and the age of the oldest
    of it. `stalls` is how often the event loop was blocked.
    """

    started_at: str
    versions: Versions
    ami_lag_ms: float | None
    waiting_news: int
    waiting_writes: int
    waiting_work: int
    waiting_work_seconds: float
    calls_open: int
    desks: int
    stalls: int


class Health(Vitals, frozen=True, kw_only=True):
    """`gaps` are those of the last 24 hours, newest first; `queues` as Asterisk has them now."""

    parts: Sequence[Part]
    gaps: Sequence[WatchedGap]
    phones: Sequence[PhoneState]
    queues: Sequence[QueueLine]

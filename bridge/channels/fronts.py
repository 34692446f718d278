"""Channels that have a server of their own, beside the inlet: customers' browsers speak with us and nobody between.

A module of this package with a `make_front` is one. It is served by every process with desks, at /{channel}/….
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from aiohttp import web

from bridge import channels
from bridge.domain.live import Emit
from bridge.domain.ports import Bus, CodeSender
from bridge.flows.follow_link import Ways
from bridge.secrets import InboxSecrets
from bridge.settings import Settings
from bridge.store.engine import Database
from bridge.store.feed import FeedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontNeeds:
    """What a front stands on. `secrets` by `inbox_name`; `committed` is called after each commit that others may wait for.

    `emit` reaches the desks of all processes; `is_anybody_there` is whether one is open. `codes` is None where the company
    can send no mail. `ways` is for continue-links. `web` is the folder of the built desk, `attachments` that of files;
    `monotonic` counts seconds.
    """

    db: Database
    bus: Bus
    settings: Settings
    secrets: Mapping[str, InboxSecrets]
    committed: Callable[[], None]
    emit: Emit
    is_anybody_there: Callable[[], bool]
    codes: CodeSender | None
    ways: Ways
    web: Path
    attachments: Path
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]


class Front(Protocol):
    def mount(self, app: web.Application) -> None:
        """Serve its paths."""

    def publish(self, rows: Sequence[FeedRow]) -> None:
        """Rows of the feed, as desks get them. Never blocks."""

    async def run(self) -> None:
        """Runs until it is cancelled."""


def make_fronts(needs: FrontNeeds) -> list[Front]:
    """Of every channel that has one."""
    found = [
        importlib.import_module(f"{channels.__name__}.{each.name}")
        for each in pkgutil.iter_modules(channels.__path__)
    ]
    return [module.make_front(needs) for module in found if hasattr(module, "make_front")]

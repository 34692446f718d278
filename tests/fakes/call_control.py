"""A PBX that does what it is asked and remembers it."""

from __future__ import annotations

from pbx.errors import Transient
from pbx.interface import QueueLook


class FakeCallControl:
    """Implements `CallControl`. While `away`, nothing is possible."""

    def __init__(self) -> None:
        self.away = False
        self.paused: dict[str, bool] = {}
        self.registered: frozenset[str] = frozenset()
        self.tested: list[str] = []
        self.queues: tuple[QueueLook, ...] = ()
        self.texts: list[tuple[str, str]] = []

    async def pause_member(self, extension: str, *, paused: bool, reason: str = "") -> None:
        if self.away:
            raise Transient("Asterisk is away")
        self.paused[extension] = paused

    async def send_text(self, extension: str, text: str) -> None:
        if self.away:
            raise Transient("Asterisk is away")
        self.texts.append((extension, text))

    async def ring_for_test(self, extension: str) -> None:
        if self.away:
            raise Transient("Asterisk is away")
        self.tested.append(extension)

    async def list_queues(self) -> tuple[QueueLook, ...]:
        if self.away:
            raise Transient("Asterisk is away")
        return self.queues

    async def find_registered(self) -> frozenset[str]:
        if self.away:
            raise Transient("Asterisk is away")
        return self.registered

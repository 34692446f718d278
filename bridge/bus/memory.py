"""The bus of a home that is one process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bridge.domain.ports import Subject


class MemoryBus:
    """Implements `Bus`."""

    def __init__(self) -> None:
        self._followers: dict[Subject, list[Callable[[bytes], None]]] = {}

    def tell(self, subject: Subject, message: bytes = b"") -> None:
        for take in self._followers.get(subject, ()):
            take(message)

    def follow(self, subject: Subject, take: Callable[[bytes], None]) -> None:
        self._followers.setdefault(subject, []).append(take)

    async def run(self) -> None:
        await asyncio.Event().wait()

"""A directory whose answers, silence and failures a test decides."""

from __future__ import annotations

import threading

from pbx.interface import CallerCard, PhoneNumber


class FakeDirectory:
    """Answers from `cards` by E.164. Blocks while `gate` is closed; raises `error` when there is one.

    `slow` are the numbers that the gate concerns, None for all.
    """

    def __init__(self, cards: dict[str, CallerCard] | None = None) -> None:
        self.cards = cards or {}
        self.gate = threading.Event()
        self.gate.set()
        self.slow: set[str] | None = None
        self.error: Exception | None = None
        self.asked: list[tuple[str | None, str]] = []

    def find_card(self, number: PhoneNumber, dialled: str) -> CallerCard | None:
        self.asked.append((number.e164, dialled))
        if self.slow is None or number.e164 in self.slow:
            self.gate.wait(timeout=30)
        if self.error is not None:
            raise self.error
        return self.cards.get(number.e164 or "")

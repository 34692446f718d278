"""A matter: one thing that the customer wants settled; and what we promised about it."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable

import msgspec


class MatterState(enum.StrEnum):
    """OPEN: nobody is named to move next; WAITING_US, WAITING_THEM: who is; SETTLED: nothing is left to do."""

    OPEN = "open"
    WAITING_US = "waiting_us"
    WAITING_THEM = "waiting_them"
    SETTLED = "settled"


class Thing(enum.StrEnum):
    """What a matter is made of."""

    CALL = "call"
    CONVERSATION = "conversation"
    ORDER = "order"
    PROMISE = "promise"


class Rule(enum.StrEnum):
    """Why a thing stands in a matter, the strongest first. A weaker rule never moves what a stronger one put there."""

    HAND = "hand"
    NAMED = "named"
    ORDER_NUMBER = "order_number"
    ONLY_ONE = "only_one"
    NEW = "new"

    def outranks(self, other: Rule) -> bool:
        order = list(Rule)
        return order.index(self) < order.index(other)


class MatterLink(msgspec.Struct, frozen=True, kw_only=True):
    """`about` tells a person what `thing_id` is: an order's number, a conversation's subject, a caller's number."""

    id: str
    thing: Thing
    thing_id: str
    rule: Rule
    by: str
    at: str
    about: str = ""


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """`title` is "" while nobody has named it; `touched_at` is when something of it last happened."""

    id: str
    customer_id: str
    title: str
    state: MatterState
    opened_at: str
    touched_at: str
    links: list[MatterLink] = []


class PromiseState(enum.StrEnum):
    OPEN = "open"
    KEPT = "kept"
    DROPPED = "dropped"


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent said we would do, by `due_at` where a time was named."""

    id: str
    customer_id: str
    text: str
    state: PromiseState
    made_by: str
    made_at: str
    due_at: str | None = None
    matter_id: str | None = None
    call_id: str | None = None


SHORTEST_NUMBER = 3
"""An order's number of fewer characters is taken as named only behind # or №: "2" stands in most sentences."""


def numbers_named(text: str, numbers: Iterable[str]) -> list[str]:
    """Those of `numbers` (orders' own) that stand in `text` as a word of their own, in the order given."""
    return [number for number in numbers if _names(number).search(text)]


def _names(number: str) -> re.Pattern[str]:
    mark = "[#№] ?" if len(number) < SHORTEST_NUMBER else ""
    return re.compile(rf"(?<!\w){mark}{re.escape(number)}(?!\w)", re.IGNORECASE)

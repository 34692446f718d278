"""Who a timeline belongs to."""

from __future__ import annotations

import enum

import msgspec


class CustomerKind(enum.StrEnum):
    PERSON = "person"
    HOUSEHOLD = "household"
    ORGANISATION = "organisation"


class Strength(enum.StrEnum):
    """CLAIMED < DELIVERED < PROVEN: how well an identity is shown to be its owner's (invariant 6)."""

    CLAIMED = "claimed"
    DELIVERED = "delivered"
    PROVEN = "proven"

    def outranks(self, other: Strength) -> bool:
        order = list(Strength)
        return order.index(self) > order.index(other)


class Identity(msgspec.Struct, frozen=True):
    """One address by which a customer is known. `kind` is phone, email, telegram, …; `address` is canonical."""

    kind: str
    address: str
    scope: str = ""
    strength: Strength = Strength.CLAIMED


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """The canonical customer. `leaves` are all ids that answer to it, itself among them.

    `belongs_to`: the households and organisations of a person, with the role in each.
    """

    id: str
    kind: CustomerKind
    name: str
    language: str | None = None
    vip: bool = False
    comment: str = ""
    external_id: str | None = None
    sample: bool = False
    leaves: list[str] = []
    identities: list[Identity] = []
    belongs_to: list[Candidate] = []


class ClueKind(enum.StrEnum):
    """What is known of people that may tell them apart, in the order in which it is asked for."""

    ADDRESS = "address"
    """Where their open order goes to."""
    CITY = "city"
    ITEM = "item"
    """What they have ordered."""
    CALL = "call"
    """How their last call ended: its disposition."""
    ORDER = "order"
    """The number of their newest order."""


class Clue(msgspec.Struct, frozen=True):
    """What tells one of several people apart from the others."""

    kind: ClueKind
    value: str


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One of several people behind a shared number, or a group that a person belongs to.

    `last_at` is the time (ISO 8601) of the newest call or message, `last_channel` its channel.
    """

    id: str
    kind: CustomerKind
    name: str
    role: str = ""
    extension: str | None = None
    last_at: str | None = None
    last_channel: str | None = None
    clue: Clue | None = None

"""Two customers that are one, and two that may be: who said so, when and why."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from bridge.domain.customer import Customer, CustomerKind, Identity


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as it was first known, whoever it is read as now."""

    id: str
    kind: CustomerKind
    name: str


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """`leaf_a` and `leaf_b` are the two that the evidence is about; `by` is the agent's name. Times ISO 8601."""

    id: str
    leaf_a: Leaf
    leaf_b: Leaf
    survivor: Leaf
    reason: str
    evidence: Any
    by: str
    at: str
    undone_by: str | None = None
    undone_at: str | None = None


class FieldConflict(msgspec.Struct, frozen=True, kw_only=True):
    """A field that the two say differently, in the order of the sides."""

    field: str
    values: list[Any]


class MergeSide(msgspec.Struct, frozen=True, kw_only=True):
    """`entries` counts by channel; those without one (notes) under "none"."""

    customer: Customer
    entries: dict[str, int]
    orders: int
    open_conversations: int


class MergePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What comes together: both sides, and their sum."""

    sides: list[MergeSide]
    identities: list[Identity]
    entries: dict[str, int]
    orders: int
    open_conversations: int
    conflicts: list[FieldConflict]


class SuggestionState(enum.StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class SuggestionReason(enum.StrEnum):
    """Why two may be one. None of these is enough to join them (invariant 6)."""

    ORDER = "order"
    """The phone and the e-mail of one order."""
    SIGNATURE = "signature"
    """A phone in a mail's signature."""
    CONTACT = "contact"
    """An address that one of them has shown to be theirs, and the other has."""
    CONTINUE_LINK = "continue_link"
    """One of them has come by the other's continue-link."""
    NAME_AND_ORGANISATION = "name_and_organisation"
    NAME_AND_CITY = "name_and_city"


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """`customers` are the two as they are read now, the older leaf's first. `evidence`: [{source, …}], oldest first."""

    id: str
    customers: list[Customer]
    reason: SuggestionReason
    evidence: list[Any]
    state: SuggestionState
    at: str
    decided_by: str | None = None
    decided_at: str | None = None
    merge_id: str | None = None

"""A talk in writing as work: who is in it, who answers for it, and how long the customer has waited."""

from __future__ import annotations

import enum

import msgspec

from bridge.domain.customer import Customer


class ConversationState(enum.StrEnum):
    OPEN = "open"
    SNOOZED = "snoozed"
    """Nobody's work until a time, or until the customer writes."""
    RESOLVED = "resolved"


class ConversationSummary(msgspec.Struct, frozen=True, kw_only=True):
    """`inbox` is its key, null for an imported conversation, in which nothing can be sent.

    `waiting_since` is the oldest message that no person of ours has answered, null when the customer waits for nothing;
    `due_at` by when it should be. `overdue`: the supervisors were told. `priority`: higher goes first. `last_text` begins
    the newest message, `last_direction` says whose it is. `mentions` are the agents whom a note calls and who have not
    looked yet. `suspicious`: it is not from the sender that it names, and nobody has said whose it is.
    """

    id: str
    channel: str
    inbox: str | None
    subject: str
    state: ConversationState
    customer_id: str | None
    customer_name: str | None
    assignee_id: str | None
    assignee: str | None
    opened_at: str
    last_at: str
    snoozed_until: str | None = None
    waiting_since: str | None = None
    due_at: str | None = None
    overdue: bool = False
    priority: int = 0
    tags: list[str] = []
    mentions: list[str] = []
    last_text: str = ""
    last_direction: str | None = None
    suspicious: bool = False


class WayToWrite(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a customer, and the inbox from which it can be written to."""

    channel: str
    inbox: str
    address: str


class OpenWay(WayToWrite, frozen=True, kw_only=True):
    """One that is open now. `templated`: to a template only, for it is too long ago that they wrote there."""

    inbox_id: str
    templated: bool


class WayClosed(enum.StrEnum):
    """Why somebody cannot be written to first."""

    NO_ADDRESS = "no_address"
    NOT_WRITTEN = "not_written"
    """They have never written to us there, or pressed start."""
    NOT_SIGNED_IN = "not_signed_in"
    """They are not known there as anybody who comes back."""


class ClosedWay(msgspec.Struct, frozen=True, kw_only=True):
    """A channel in which they cannot be written to first. `continues`: a continue-link can be offered instead."""

    channel: str
    reason: WayClosed
    continues: bool


class ConversationDetail(ConversationSummary, frozen=True, kw_only=True):
    """`ways`: how else this customer can be written to; `customer` is null while nobody is known."""

    customer: Customer | None
    ways: list[OpenWay]


class ConversationCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many customers wait: for me (or I am called in a note), for nobody yet, for anybody; how many are suspicious."""

    mine: int
    unassigned: int
    all: int
    suspicious: int

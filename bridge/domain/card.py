"""The card: all that an agent should have in front of them before they say hello."""

from __future__ import annotations

import enum

import msgspec

from bridge.domain.customer import Candidate, Customer
from bridge.domain.entry import Entry
from bridge.domain.matter import Matter, Promise
from bridge.domain.order import Order


class OpenConversation(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    channel: str
    subject: str
    state: str
    last_at: str


class LastSpoke(msgspec.Struct, frozen=True, kw_only=True):
    """The agent who last spoke or wrote to this customer."""

    author: str
    channel: str | None
    at: str


class Colleague(msgspec.Struct, frozen=True, kw_only=True):
    """The other end of a call among ourselves."""

    name: str
    extension: str


class CallNote(msgspec.Struct, frozen=True, kw_only=True):
    """What another agent has written on this call so far, finished or not."""

    author: str
    text: str
    at: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """`caller` as E.164 or as shown, "" when anonymous. `customer` is null for a new caller and for an anonymous one.

    `candidates` is not empty when the number belongs to a household or organisation with people in it, the newest
    encounter first; `question` tells them apart, in the agent's language; `recent` then holds the group's own entries
    only. `matters`: those that are not settled first, `promises`: the open ones. `orders`: carts and orders, newest
    status first. `recent`: the last entries of every channel, newest first. `last_note` is the newest note's entry;
    `notes` are those that the other agents of this very call have written, oldest first. `colleague` is set on a call
    among ourselves, and only then.
    """

    call_id: str
    caller: str
    dialled: str
    customer: Customer | None
    candidates: list[Candidate] = []
    matters: list[Matter] = []
    conversations: list[OpenConversation] = []
    orders: list[Order] = []
    promises: list[Promise] = []
    recent: list[Entry] = []
    last_note: Entry | None = None
    notes: list[CallNote] = []
    colleague: Colleague | None = None
    last_spoke: LastSpoke | None = None
    question: str | None = None
    queue: str | None = None


class PopState(enum.StrEnum):
    RINGING = "ringing"
    ANSWERED = "answered"


class ScreenPop(msgspec.Struct, frozen=True, kw_only=True):
    """The order to show a card to the agent at `extension`, whose phone rings. `id` is the pop's own, for the acknowledgement."""

    id: str
    call_id: str
    extension: str
    leg: str
    card: Card

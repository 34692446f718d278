"""What the API answers besides the nouns of `bridge.domain`: lists, and what belongs together on one page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from bridge.domain.agent import Agent, AgentState
from bridge.domain.call import CallSummary, NoteDraft
from bridge.domain.card import LastSpoke, OpenConversation, ScreenPop
from bridge.domain.customer import Candidate, Customer
from bridge.domain.dead_letter import DeadLetter
from bridge.domain.entry import Entry
from bridge.domain.order import Order


class CustomerList(msgspec.Struct, frozen=True):
    items: Sequence[Customer]
    next: str | None


class CallList(msgspec.Struct, frozen=True):
    items: Sequence[CallSummary]
    next: str | None


class CustomerDetail(Customer, frozen=True, kw_only=True):
    """The customer, and around it what a card shows. Matters and promises are not kept yet: always empty."""

    candidates: list[Candidate]
    matters: list[Any]
    conversations: list[OpenConversation]
    orders: list[Order]
    promises: list[Any]
    last_note: Entry | None
    last_spoke: LastSpoke | None


class RingingList(msgspec.Struct, frozen=True):
    items: Sequence[ScreenPop]
    next: None = None


class AgentLine(Agent, frozen=True, kw_only=True):
    """`call_id`: the call that the state is about. `registered`: whether their phone is, as of the last look."""

    state: AgentState
    call_id: str | None = None
    registered: bool = False


class AgentList(msgspec.Struct, frozen=True):
    items: Sequence[AgentLine]
    next: None = None


class Channel(msgspec.Struct, frozen=True):
    """An inbox."""

    channel: str
    key: str
    state: str
    last_error: str | None


class ChannelList(msgspec.Struct, frozen=True):
    items: Sequence[Channel]
    next: None = None


class DeadLetterList(msgspec.Struct, frozen=True):
    items: Sequence[DeadLetter]
    next: str | None


class CompanyView(msgspec.Struct, frozen=True):
    name: str
    region: str
    language: str


class UnfinishedCall(CallSummary, frozen=True, kw_only=True):
    """A call whose wrap-up is open, with the note written so far."""

    draft: NoteDraft | None = None


class Me(msgspec.Struct, frozen=True):
    agent: Agent
    csrf: str
    company: CompanyView
    unfinished: Sequence[UnfinishedCall]


class LoginAnswer(msgspec.Struct, frozen=True):
    """`token` for `Authorization: Bearer`; a browser has the cookie, and shows `csrf` with every unsafe method."""

    token: str
    csrf: str
    agent: Agent


class WrapUpAnswer(msgspec.Struct, frozen=True):
    """The note's entry, null when nothing was written."""

    entry: Entry | None


class Filed(msgspec.Struct, frozen=True):
    """`customer_id` is where the subject is now, null when nowhere."""

    filing_id: str
    customer_id: str | None

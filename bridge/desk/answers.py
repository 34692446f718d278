"""What the API answers besides the nouns of `bridge.domain`: lists, and what belongs together on one page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from bridge.domain.agent import Agent, AgentState
from bridge.domain.call import CallSummary, NoteDraft
from bridge.domain.canned import CannedAnswer
from bridge.domain.card import LastSpoke, OpenConversation, ScreenPop
from bridge.domain.consent import Consent
from bridge.domain.conversation import ClosedWay, ConversationCounts, ConversationSummary, OpenWay
from bridge.domain.customer import Candidate, Customer
from bridge.domain.dead_letter import DeadLetter
from bridge.domain.duty import Duty, InboxRule
from bridge.domain.entry import Entry
from bridge.domain.filing import FilingRecord
from bridge.domain.matter import Matter, Promise
from bridge.domain.merge import Merge, Suggestion
from bridge.domain.message import Template
from bridge.domain.order import Order, OrderRequest
from bridge.domain.queue import QueueLine
from bridge.domain.terms import Piece
from bridge.domain.webhook import Webhook
from bridge.domain.work import WorkItem


class CustomerList(msgspec.Struct, frozen=True):
    items: Sequence[Customer]
    next: str | None


class SearchHit(msgspec.Struct, frozen=True, kw_only=True):
    """A customer, or an entry with whose it is (null for nobody's). `pieces` is what was found, and where in it."""

    type: Literal["customer", "entry"]
    customer: Customer | None
    entry: Entry | None = None
    pieces: Sequence[Piece]


class SearchList(msgspec.Struct, frozen=True):
    """The customers first, then entries, newest first; the pages after the first have entries only."""

    items: Sequence[SearchHit]
    next: str | None


class CallList(msgspec.Struct, frozen=True):
    items: Sequence[CallSummary]
    next: str | None


class Worklist(msgspec.Struct, frozen=True):
    items: Sequence[WorkItem]
    next: str | None


class ConversationList(msgspec.Struct, frozen=True):
    """`counts` of all that wait, whatever was asked for."""

    items: Sequence[ConversationSummary]
    next: str | None
    counts: ConversationCounts


class WaysList(msgspec.Struct, frozen=True):
    """`closed`: where they cannot be written to first, and why."""

    items: Sequence[OpenWay]
    closed: Sequence[ClosedWay]
    next: None = None


class TagList(msgspec.Struct, frozen=True):
    items: Sequence[str]
    next: None = None


class CannedAnswerList(msgspec.Struct, frozen=True):
    items: Sequence[CannedAnswer]
    next: None = None


class CustomerDetail(Customer, frozen=True, kw_only=True):
    """The customer, and around it what a card shows."""

    candidates: list[Candidate]
    matters: list[Matter]
    conversations: list[OpenConversation]
    orders: list[Order]
    promises: list[Promise]
    last_note: Entry | None
    last_spoke: LastSpoke | None


class MatterList(msgspec.Struct, frozen=True):
    items: Sequence[Matter]
    next: None = None


class RingingList(msgspec.Struct, frozen=True):
    items: Sequence[ScreenPop]
    next: None = None


class AgentLine(Agent, frozen=True, kw_only=True):
    """`call_id`: the call that the state is about. `registered`: whether their phone is; `at_desk`: a desk is open."""

    state: AgentState
    call_id: str | None = None
    registered: bool = False
    at_desk: bool = False


class AgentList(msgspec.Struct, frozen=True):
    items: Sequence[AgentLine]
    next: None = None


class QueueList(msgspec.Struct, frozen=True):
    items: Sequence[QueueLine]
    next: None = None


class ColleagueList(msgspec.Struct, frozen=True):
    items: Sequence[Agent]
    next: None = None


class DutyList(msgspec.Struct, frozen=True):
    items: Sequence[Duty]
    next: None = None


class InboxRuleList(msgspec.Struct, frozen=True):
    items: Sequence[InboxRule]
    next: None = None


class RungLine(msgspec.Struct, frozen=True, kw_only=True):
    """`shown` is what was seen at the last test call, null when nobody has looked; `by` is the admin's name."""

    rung: str
    on: bool
    shown: bool | None
    at: str | None
    by: str | None


class PhoneLine(msgspec.Struct, frozen=True, kw_only=True):
    """The phone of an agent. `rungs` from the lowest, the caller's name, to the highest, the desk."""

    agent_id: str
    extension: str
    name: str
    profile: str
    registered: bool
    rungs: list[RungLine]


class PhoneList(msgspec.Struct, frozen=True):
    items: Sequence[PhoneLine]
    next: None = None


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """An inbox. `hook` is where its provider tells of news, null where none does; `hook_secret` is given once.

    `has_token`: whether there is something to send with, which is never given back.
    """

    id: str
    channel: str
    key: str
    address: str
    state: str
    last_error: str | None
    hook: str | None
    has_token: bool
    hook_secret: str | None = None


class ChannelTest(msgspec.Struct, frozen=True):
    """`reason`: what was the matter; `address`: what the provider calls us."""

    works: bool
    reason: str | None
    address: str


class ChannelList(msgspec.Struct, frozen=True):
    """`kinds` are the channels of which an inbox can be added."""

    items: Sequence[Channel]
    kinds: Sequence[str]
    next: None = None


class WebhookList(msgspec.Struct, frozen=True):
    items: Sequence[Webhook]
    next: None = None


class WebhookTest(msgspec.Struct, frozen=True):
    """`taken`: it answered 2xx; else `reason` says what was the matter."""

    taken: bool
    reason: str | None = None


class WayList(msgspec.Struct, frozen=True):
    """The names of channels."""

    items: Sequence[str]
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


class FilingList(msgspec.Struct, frozen=True):
    items: Sequence[FilingRecord]
    next: None = None


class Merged(msgspec.Struct, frozen=True):
    merge_id: str


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file that can be sent with an answer. `media_type` is what it is by its content, `size` in bytes."""

    id: str
    name: str
    media_type: str
    size: int


class MergeList(msgspec.Struct, frozen=True):
    items: Sequence[Merge]
    next: None = None


class SuggestionList(msgspec.Struct, frozen=True):
    items: Sequence[Suggestion]
    next: str | None


class Unmerged(msgspec.Struct, frozen=True):
    """`still_joined_by`: the merges that join the two all the same, oldest first."""

    still_joined_by: Sequence[str]


class ConversationWindow(msgspec.Struct, frozen=True, kw_only=True):
    """`limited`: the channel has a window. `window_ends_at` is when it closes or closed, null where they never wrote.

    `open`: anything may be written now; else only one of the templates of the inbox (null for an imported conversation).
    """

    channel: str
    inbox_id: str | None
    limited: bool
    window_ends_at: str | None
    open: bool


class TemplateList(msgspec.Struct, frozen=True):
    items: Sequence[Template]
    next: None = None


class ConsentList(msgspec.Struct, frozen=True):
    items: Sequence[Consent]
    next: None = None


class ShopList(msgspec.Struct, frozen=True):
    """The keys of shops; `currency` of the company's newest order, null while there is none."""

    items: Sequence[str]
    currency: str | None
    next: None = None


class OrderRequestList(msgspec.Struct, frozen=True):
    items: Sequence[OrderRequest]
    next: None = None

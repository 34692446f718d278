"""Customers: found by number, address or words; with all that a card shows; their timeline; notes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec
from sqlalchemy import Connection

from bridge.desk.answers import CustomerDetail, CustomerList
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.address import canonical
from bridge.domain.agent import Role
from bridge.domain.entry import Entry, EntryKind, Page
from bridge.errors import InvalidInput, NotFound
from bridge.flows import write_note
from bridge.store import card, conversations, matters, orders, people, profiles, promises, timeline
from bridge.store.entry_filter import EntryFilter
from bridge.store.profiles import Profile

Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
RECENT: Final = 20


class CustomersQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`phone` in any way of writing, `email`: the owner of that address only. `q`: words of a name, number, address."""

    phone: str | None = None
    email: str | None = None
    q: str | None = None
    limit: Limit = 50
    after: str | None = None


class TimelineQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`before` is the `next` of the page before. `agent`: what that agent wrote, and the calls that they answered, by
    their id. `matter`: what belongs to that matter. `since` is the first moment, `until` the first that is out, both with
    their zone.
    """

    limit: Limit = 50
    before: str | None = None
    channel: str | None = None
    kind: EntryKind | None = None
    agent: str | None = None
    matter: str | None = None
    since: Moment | None = None
    until: Moment | None = None


class NoteBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`key` makes a repeated request harmless."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None


async def list_customers(ask: Ask, query: CustomersQuery) -> CustomerList:
    """Find customers. With `phone` or `email` at most one: the canonical owner."""
    if sum(given is not None for given in (query.phone, query.email, query.q)) > 1:
        raise InvalidInput("give one of phone, email and q", where="query")
    if query.phone is not None:
        return await _find_owner(ask, "phone", query.phone)
    if query.email is not None:
        return await _find_owner(ask, "email", query.email)
    items, following = await ask.services.db.read(
        people.list_customers, words=query.q or "", limit=query.limit, after=query.after
    )
    return CustomerList(items, following)


async def get_customer(ask: Ask) -> CustomerDetail:
    """A customer by any of its ids, with open conversations, orders, the last note."""
    return await ask.services.db.read(_detail, ask.path("id"))


async def get_timeline(ask: Ask, query: TimelineQuery) -> Page:
    """A customer's entries, newest first; those that were replaced or redacted are there and say so."""
    return await ask.services.db.read(_page, ask.path("id"), query)


async def add_note(ask: Ask, body: NoteBody) -> Entry:
    """Write a note on a customer, without a call."""
    if not body.text.strip():
        raise InvalidInput("the note is empty", where="text")
    services = ask.services
    entry = await services.db.write(
        write_note.add_note,
        ask.path("id"),
        ask.agent,
        text=body.text.strip(),
        key=body.key,
        at=services.clock(),
    )
    services.wake_feed()
    return entry


async def _find_owner(ask: Ask, kind: str, raw: str) -> CustomerList:
    try:
        identity = canonical(kind, raw, ask.services.settings.company.region)
    except InvalidInput:
        # What is no address is nobody's.
        return CustomerList([], None)
    found = await ask.services.db.read(profiles.find_profile_by_address, kind, identity.address)
    return CustomerList([] if found is None else [found.customer], None)


def _get_profile(connection: Connection, customer_id: str) -> Profile:
    found = profiles.find_profile(connection, customer_id)
    if found is None:
        raise NotFound("no such customer")
    return found


def _detail(connection: Connection, customer_id: str) -> CustomerDetail:
    profile = _get_profile(connection, customer_id)
    leaves = profile.customer.leaves
    recent = timeline.read_page(connection, leaves, limit=RECENT).items
    last_note, last_spoke = card.find_last_words(connection, leaves, recent)
    return CustomerDetail(
        **msgspec.structs.asdict(profile.customer),
        candidates=profile.candidates,
        matters=matters.list_matters(connection, leaves),
        promises=promises.list_open(connection, leaves),
        conversations=conversations.list_open(connection, leaves),
        orders=orders.list_orders(connection, leaves),
        last_note=last_note,
        last_spoke=last_spoke,
    )


def _page(connection: Connection, customer_id: str, query: TimelineQuery) -> Page:
    leaves = _get_profile(connection, customer_id).customer.leaves
    only = EntryFilter(
        channel=query.channel,
        kind=query.kind,
        agent_id=query.agent,
        matter_id=query.matter,
        since=query.since,
        until=query.until,
    )
    return timeline.read_page(connection, leaves, limit=query.limit, before=query.before, only=only)


ROUTES: Final = (
    Route("GET", f"{API}/customers", list_customers, Role.AGENT),
    Route("GET", f"{API}/customers/{ID}", get_customer, Role.AGENT),
    Route("GET", f"{API}/customers/{ID}/timeline", get_timeline, Role.AGENT),
    Route("POST", f"{API}/customers/{ID}/notes", add_note, Role.AGENT, status=201),
)

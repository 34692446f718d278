"""One box for everything: people by name, number or address, and what was written and said by its words."""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec
from sqlalchemy import Connection

from bridge.desk.answers import SearchHit, SearchList
from bridge.desk.route import API, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.customer import Customer
from bridge.domain.entry import Entry
from bridge.domain.terms import marked
from bridge.errors import InvalidInput
from bridge.store import customer_words, people, profiles, timeline, words

CUSTOMERS: Final = 10
"""On the first page; `GET /customers?q=` has them all."""

_PLACE = re.compile(r"-?[0-9]{1,19}")


class SearchQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`q`: words, each of which has to be found. `limit` counts the entries. `before` is the `next` of the page before."""

    q: Annotated[str, msgspec.Meta(max_length=200)] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 50
    before: str | None = None


async def search(ask: Ask, query: SearchQuery) -> SearchList:
    """Find customers, and messages, notes and transcripts by their words in any form, in English, Russian, Ukrainian."""
    return await ask.services.db.read(_search, query)


def _search(connection: Connection, query: SearchQuery) -> SearchList:
    customers: list[SearchHit] = []
    if query.before is None and query.q.strip():
        found, _ = people.list_customers(connection, words=query.q, limit=CUSTOMERS)
        customers = [_customer_hit(customer, query.q) for customer in found]
    before = None if query.before is None else _read_place(query.before)
    rows = words.find_entries(connection, query.q, limit=query.limit + 1, before=before)
    following = str(rows[query.limit - 1].no) if len(rows) > query.limit else None
    entries = _entries(connection, [row.entry_id for row in rows[: query.limit]], query.q)
    return SearchList([*customers, *entries], following)


def _read_place(text: str) -> int:
    if not _PLACE.fullmatch(text) or abs(int(text)) > words.LAST:
        raise InvalidInput("not a place in a list: give what `next` said", where="before")
    return int(text)


def _customer_hit(customer: Customer, asked: str) -> SearchHit:
    texts = (
        customer.name,
        *(identity.address for identity in customer.identities),
        customer.external_id or "",
    )
    pieces = (customer_words.mark(text, asked) for text in texts)
    shown = next((each for each in pieces if any(piece.hit for piece in each)), [])
    return SearchHit(type="customer", customer=customer, pieces=shown)


def _entries(connection: Connection, ids: list[str], asked: str) -> list[SearchHit]:
    entries = {entry.id: entry for entry in timeline.list_entries(connection, ids)}
    customers: dict[str, Customer | None] = {}
    for entry in entries.values():
        if entry.customer_id is not None and entry.customer_id not in customers:
            customers[entry.customer_id] = profiles.find_customer(connection, entry.customer_id)
    found = (entries[each] for each in ids if each in entries)
    return [_entry_hit(entry, customers.get(entry.customer_id or ""), asked) for entry in found]


def _entry_hit(entry: Entry, customer: Customer | None, asked: str) -> SearchHit:
    pieces = marked(words.text_of(entry.text, entry.payload), asked)
    return SearchHit(type="entry", customer=customer, entry=entry, pieces=pieces)


ROUTES: Final = (Route("GET", f"{API}/search", search, Role.AGENT),)

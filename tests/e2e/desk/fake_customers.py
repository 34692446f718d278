"""The part of the fake desk server that finds customers and shows their timelines."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
from aiohttp import web

from bridge.desk.answers import SearchHit, SearchList
from bridge.domain.agent import Agent
from bridge.domain.entry import Entry, EntryKind, Page
from bridge.domain.terms import marked, terms_of, wanted_terms
from bridge.domain.times import iso, utc_now
from bridge.store import customer_words
from tests.e2e.desk import people
from tests.e2e.desk.answering import Tell, answer, problem
from tests.e2e.desk.cards import context_of
from tests.e2e.desk.entries import entries_of, entry
from tests.e2e.desk.fake_matters import FakeMatters


class FakeCustomers:
    """`retired` are the addresses that changed hands."""

    def __init__(self, agent: Agent, matters: FakeMatters, tell: Tell) -> None:
        self.retired: list[dict[str, str]] = []
        self._added: list[Entry] = []
        self._agent = agent
        self._matters = matters
        self._tell = tell
        self._numbers = itertools.count(1000)

    def routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/search", self._search),
            web.get(f"{api}/customers/{{id}}", self._get),
            web.get(f"{api}/customers/{{id}}/timeline", self._timeline),
            web.post(f"{api}/customers/{{id}}/notes", self._add_note),
            web.post(f"{api}/customers/{{id}}/addresses/retire", self._retire),
        ]

    async def add_note(
        self, text: str, customer_id: str | None, call_id: str | None, payload: dict[str, Any]
    ) -> Entry:
        added = entry(
            next(self._numbers),
            EntryKind.NOTE,
            iso(utc_now()),
            author=self._agent.name,
            text=text,
            customer_id=customer_id,
            call_id=call_id,
            payload=payload | {"agent_id": self._agent.id},
        )
        self._added.insert(0, added)
        await self._tell("entry", added)
        return added

    async def _search(self, request: web.Request) -> web.Response:
        wanted = request.query["q"]
        hits = []
        for customer in people.CUSTOMERS.values():
            texts = (customer.name, *(identity.address for identity in customer.identities))
            pieces = [customer_words.mark(each, wanted) for each in texts]
            if shown := next((each for each in pieces if any(piece.hit for piece in each)), None):
                hits.append(SearchHit(type="customer", customer=customer, pieces=shown))
        for each in entries_of(people.OLENA):
            if all(set(terms_of(each.text)).intersection(terms) for terms in wanted_terms(wanted)):
                found = marked(each.text, wanted)
                hits.append(SearchHit(type="entry", customer=people.OLENA, entry=each, pieces=found))
        return answer(SearchList(hits[: int(request.query["limit"])], None))

    async def _get(self, request: web.Request) -> web.Response:
        customer = people.CUSTOMERS.get(request.match_info["id"])
        if customer is None:
            return problem(404, "no such customer")
        context = context_of(customer) | self._matters.of(customer.id)
        return answer(msgspec.to_builtins(customer) | msgspec.to_builtins(context))

    async def _timeline(self, request: web.Request) -> web.Response:
        customer = people.CUSTOMERS[request.match_info["id"]]
        added = [each for each in self._added if each.customer_id == customer.id]
        asked = request.query
        entries = [
            each
            for each in added + entries_of(customer)
            if asked.get("channel") in (None, each.channel)
            and asked.get("kind") in (None, each.kind)
            and asked.get("agent") in (None, each.payload.get("agent_id"))
            and asked.get("since", "") <= each.at < asked.get("until", "9")
        ]
        start, limit = int(request.query.get("before", "0")), int(request.query["limit"])
        rest = str(start + limit) if start + limit < len(entries) else None
        return answer(Page(items=entries[start : start + limit], next=rest))

    async def _add_note(self, request: web.Request) -> web.Response:
        given = await request.json()
        return answer(await self.add_note(given["text"], request.match_info["id"], None, {}), 201)

    async def _retire(self, request: web.Request) -> web.Response:
        self.retired.append(await request.json())
        return web.Response(status=204)

"""The part of the fake desk server that makes two customers one, and keeps who may be."""

from __future__ import annotations

import itertools

import msgspec
from aiohttp import web

from bridge.domain.agent import Agent
from bridge.domain.customer import Customer
from bridge.domain.merge import (
    FieldConflict,
    Leaf,
    Merge,
    MergePreview,
    MergeSide,
    Suggestion,
    SuggestionReason,
    SuggestionState,
)
from bridge.domain.times import iso, utc_now
from tests.e2e.desk.answering import answer
from tests.e2e.desk.people import CUSTOMERS, FIRM, IRYNA, OLENA, TARAS, before


def preview_of(one: Customer, other: Customer) -> MergePreview:
    """What comes together of any two: counts are made up."""
    first = MergeSide(
        customer=one, entries={"chat": 4, "email": 31, "none": 1}, orders=3, open_conversations=1
    )
    second = MergeSide(customer=other, entries={"phone": 2}, orders=0, open_conversations=0)
    return MergePreview(
        sides=[first, second],
        identities=[*one.identities, *other.identities],
        entries={"chat": 4, "email": 31, "none": 1, "phone": 2},
        orders=3,
        open_conversations=1,
        conflicts=[
            FieldConflict(field="name", values=[one.name, other.name]),
            FieldConflict(field="language", values=[one.language, other.language]),
            FieldConflict(field="vip", values=[one.vip, other.vip]),
        ],
    )


def suggestions() -> list[Suggestion]:
    now = utc_now()
    by_order = {"reason": "order", "source": "shop", "order": "#20481"}
    by_signature = {"reason": "signature", "source": "email", "phone": "+380501234567", "source_key": "m1"}
    by_name = {"reason": "name_and_organisation", "source": "customers", "organisation": FIRM.name}
    return [
        Suggestion(
            id="suggestion-1",
            customers=[OLENA, IRYNA],
            reason=SuggestionReason.ORDER,
            evidence=[by_order, by_signature],
            state=SuggestionState.OPEN,
            at=before(now, minutes=18),
        ),
        Suggestion(
            id="suggestion-2",
            customers=[TARAS, IRYNA],
            reason=SuggestionReason.NAME_AND_ORGANISATION,
            evidence=[by_name],
            state=SuggestionState.OPEN,
            at=before(now, days=2),
        ),
    ]


class FakeMerging:
    """`merges` are those that were made, newest first."""

    def __init__(self, agent: Agent) -> None:
        self.merges: list[Merge] = []
        self._suggestions = suggestions()
        self._agent = agent
        self._numbers = itertools.count(1)

    def routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/customers/{{id}}/merge/preview", self._preview),
            web.post(f"{api}/customers/{{id}}/merge", self._merge),
            web.get(f"{api}/customers/{{id}}/merges", self._list),
            web.post(f"{api}/merges/{{id}}/undo", self._undo),
            web.get(f"{api}/suggestions", self._suggest),
            web.post(f"{api}/suggestions/{{id}}/{{decision:accept|decline}}", self._decide),
        ]

    async def _preview(self, request: web.Request) -> web.Response:
        both = (CUSTOMERS[request.match_info["id"]], CUSTOMERS[request.query["into"]])
        return answer(preview_of(*both))

    async def _merge(self, request: web.Request) -> web.Response:
        given = await request.json()
        ends = (CUSTOMERS[request.match_info["id"]], CUSTOMERS[given["into"]])
        return answer({"merge_id": self._join(*ends, given["survivor"], given["reason"])})

    def _join(self, one: Customer, other: Customer, survivor: str, reason: str) -> str:
        leaves = {each.id: Leaf(id=each.id, kind=each.kind, name=each.name) for each in (one, other)}
        merge = Merge(
            id=f"merge-{next(self._numbers)}",
            leaf_a=leaves[one.id],
            leaf_b=leaves[other.id],
            survivor=leaves[survivor],
            reason=reason,
            evidence={},
            by=self._agent.name,
            at=iso(utc_now()),
        )
        self.merges.insert(0, merge)
        return merge.id

    async def _list(self, request: web.Request) -> web.Response:
        asked = request.match_info["id"]
        found = [each for each in self.merges if asked in (each.leaf_a.id, each.leaf_b.id)]
        return answer({"items": found, "next": None})

    async def _undo(self, request: web.Request) -> web.Response:
        undone = {"undone_by": self._agent.name, "undone_at": iso(utc_now())}
        self.merges = [
            msgspec.structs.replace(each, **undone) if each.id == request.match_info["id"] else each
            for each in self.merges
        ]
        return answer({"still_joined_by": []})

    async def _suggest(self, _: web.Request) -> web.Response:
        return answer({"items": self._suggestions, "next": None})

    async def _decide(self, request: web.Request) -> web.Response:
        (decided,) = [each for each in self._suggestions if each.id == request.match_info["id"]]
        self._suggestions.remove(decided)
        if request.match_info["decision"] == "decline":
            return answer(msgspec.structs.replace(decided, state=SuggestionState.DECLINED))
        one, other = decided.customers
        return answer({"merge_id": self._join(one, other, one.id, decided.reason)})

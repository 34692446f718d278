"""Suggestions that two customers are one: looked through, accepted, declined."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from bridge.desk.answers import Merged, SuggestionList
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.merge import Suggestion, SuggestionState
from bridge.flows import suggest_merges as flow
from bridge.store import suggestions as store


class SuggestionsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`before` is the `next` of the page before."""

    state: SuggestionState = SuggestionState.OPEN
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 25
    before: str | None = None


class AcceptBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`survivor`: any id of either customer, whom both are read as; else the older one."""

    survivor: str | None = None
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None


async def list_suggestions(ask: Ask, query: SuggestionsQuery) -> SuggestionList:
    """Customers who may be one, with the evidence, newest first."""
    items, following = await ask.services.db.read(
        store.list_suggestions, state=query.state, limit=query.limit, before=query.before
    )
    return SuggestionList(items, following)


async def accept(ask: Ask, body: AcceptBody) -> Merged:
    """They are one: merge them, with this evidence. 409 when it is decided already."""
    services = ask.services
    merge_id = await services.db.write(
        flow.accept,
        ask.path("id"),
        agent=ask.agent,
        survivor=body.survivor,
        reason=body.reason,
        at=services.clock(),
    )
    services.wake_feed()
    return Merged(merge_id)


async def decline(ask: Ask) -> Suggestion:
    """They are two: it is not suggested again. 409 when it is decided already."""
    services = ask.services
    declined = await services.db.write(flow.decline, ask.path("id"), agent=ask.agent, at=services.clock())
    services.wake_feed()
    return declined


ROUTES: Final = (
    Route("GET", f"{API}/suggestions", list_suggestions, Role.AGENT),
    Route("POST", f"{API}/suggestions/{ID}/accept", accept, Role.AGENT),
    Route("POST", f"{API}/suggestions/{ID}/decline", decline, Role.AGENT),
)

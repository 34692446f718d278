"""Merges: two customers are one; what comes together, what was joined, and taking it back."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from bridge.desk.answers import Merged, MergeList, Unmerged
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.merge import MergePreview
from bridge.flows import merge_customers as flow

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class MergeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`survivor`: any id of either customer, whom both are read as from now on; `into` where it is not given."""

    into: str
    reason: Reason
    survivor: str | None = None


class PreviewQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    into: str


async def merge(ask: Ask, body: MergeBody) -> Merged:
    """Join a customer and another one: a person with a person, a group with a group."""
    services = ask.services
    merge_id = await services.db.write(
        flow.merge_customers,
        ask.path("id"),
        body.into,
        agent=ask.agent,
        reason=body.reason,
        survivor=body.survivor,
        at=services.clock(),
    )
    services.wake_feed()
    return Merged(merge_id)


async def preview(ask: Ask, query: PreviewQuery) -> MergePreview:
    """What would come together. 409 when the two are one customer already."""
    return await ask.services.db.read(flow.preview_merge, ask.path("id"), query.into)


async def list_merges(ask: Ask) -> MergeList:
    """What a customer was joined of, newest first, also what was taken back."""
    return MergeList(await ask.services.db.read(flow.list_merges, ask.path("id")))


async def undo(ask: Ask) -> Unmerged:
    """Take a merge back, whenever it was made. 409 when it is undone already."""
    services = ask.services
    still_joined_by = await services.db.write(
        flow.undo_merge, ask.path("id"), agent=ask.agent, at=services.clock()
    )
    services.wake_feed()
    return Unmerged(still_joined_by)


ROUTES: Final = (
    Route("POST", f"{API}/customers/{ID}/merge", merge, Role.AGENT),
    Route("GET", f"{API}/customers/{ID}/merge/preview", preview, Role.AGENT),
    Route("GET", f"{API}/customers/{ID}/merges", list_merges, Role.AGENT),
    Route("POST", f"{API}/merges/{ID}/undo", undo, Role.AGENT),
)

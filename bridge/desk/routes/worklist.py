"""The worklist: calls that nobody answered, until somebody has dealt with them."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from bridge.desk.answers import Worklist
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.work import WorkItem
from bridge.flows import follow_up
from bridge.store import worklist


class WorklistQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`before` is the `next` of the page before."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    before: str | None = None


async def list_work(ask: Ask, query: WorklistQuery) -> Worklist:
    """Missed calls and voicemails that are not handled, one item for each caller, newest first."""
    items, following = await ask.services.db.read(worklist.list_work, limit=query.limit, before=query.before)
    return Worklist(items, following)


async def take(ask: Ask) -> WorkItem:
    """Take the work of an unanswered call. 409 when it is a colleague's (a supervisor may), or no longer open."""
    services, call_id = ask.services, await ask.call_id()
    item = await services.db.write(follow_up.take, call_id, ask.agent, services.clock())
    services.wake_feed()
    return item


async def release(ask: Ask) -> WorkItem:
    """Give the work back to everybody."""
    services, call_id = ask.services, await ask.call_id()
    item = await services.db.write(follow_up.release, call_id, ask.agent, services.clock())
    services.wake_feed()
    return item


async def finish(ask: Ask) -> None:
    """The work is done, with all attempts of this caller. Repeating it changes nothing."""
    services, call_id = ask.services, await ask.call_id()
    await services.db.write(follow_up.finish, call_id, ask.agent, services.clock())
    services.wake_feed()


ROUTES: Final = (
    Route("GET", f"{API}/worklist", list_work, Role.AGENT),
    Route("POST", f"{API}/calls/{ID}/take", take, Role.AGENT),
    Route("POST", f"{API}/calls/{ID}/release", release, Role.AGENT),
    Route("POST", f"{API}/calls/{ID}/handled", finish, Role.AGENT, status=204),
)

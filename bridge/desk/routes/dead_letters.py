"""Work that was given up: an admin looks at it, retries or drops it."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from bridge.desk.answers import DeadLetterList
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.dead_letter import DeadLetter
from bridge.store import dead_letters


class LetterQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    before: str | None = None


async def list_letters(ask: Ask, query: LetterQuery) -> DeadLetterList:
    """Dead letters, newest first."""
    found = await ask.services.db.read(dead_letters.list_letters, limit=query.limit, before=query.before)
    return DeadLetterList(*found)


async def get_letter(ask: Ask) -> DeadLetter:
    """One dead letter."""
    return await ask.services.db.read(dead_letters.get_letter, ask.path("id"))


async def retry(ask: Ask) -> None:
    """Make it work again, with three tries before it."""
    services = ask.services
    await services.db.write(dead_letters.retry, ask.path("id"), ask.agent.id, services.clock())


async def drop(ask: Ask) -> None:
    """Remove it: that work will never be done."""
    services = ask.services
    await services.db.write(dead_letters.drop, ask.path("id"), ask.agent.id, services.clock())


ROUTES: Final = (
    Route("GET", f"{API}/dead_letters", list_letters, Role.ADMIN),
    Route("GET", f"{API}/dead_letters/{ID}", get_letter, Role.ADMIN),
    Route("POST", f"{API}/dead_letters/{ID}/retry", retry, Role.ADMIN, status=204),
    Route("DELETE", f"{API}/dead_letters/{ID}", drop, Role.ADMIN, status=204),
)

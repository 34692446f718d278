"""Every route of the desk, in one table: one file per resource."""

from __future__ import annotations

from typing import Final

from bridge.desk.route import Route
from bridge.desk.routes import (
    addresses,
    agents,
    attachments,
    calls,
    conversations,
    customers,
    dead_letters,
    filing,
    health,
    hooks,
    live,
    login,
    matters,
    merges,
    pages,
    phones,
    pops,
    queues,
    recordings,
    search,
    suggestions,
    worklist,
)

ROUTES: Final[tuple[Route, ...]] = (
    *login.ROUTES,
    *customers.ROUTES,
    *addresses.ROUTES,
    *search.ROUTES,
    *calls.ROUTES,
    *worklist.ROUTES,
    *conversations.ROUTES,
    *attachments.ROUTES,
    *filing.ROUTES,
    *merges.ROUTES,
    *suggestions.ROUTES,
    *matters.ROUTES,
    *recordings.ROUTES,
    *pops.ROUTES,
    *agents.ROUTES,
    *phones.ROUTES,
    *queues.ROUTES,
    *dead_letters.ROUTES,
    *live.ROUTES,
    *hooks.ROUTES,
    *health.ROUTES,
    *pages.ROUTES,
)

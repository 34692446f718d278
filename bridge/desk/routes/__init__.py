"""Every route of the desk, in one table: one file per resource."""

from __future__ import annotations

from typing import Final

from bridge.desk.route import Route
from bridge.desk.routes import (
    agents,
    calls,
    customers,
    filing,
    health,
    live,
    login,
    pages,
    phones,
    pops,
    recordings,
    worklist,
)

ROUTES: Final[tuple[Route, ...]] = (
    *login.ROUTES,
    *customers.ROUTES,
    *calls.ROUTES,
    *worklist.ROUTES,
    *filing.ROUTES,
    *recordings.ROUTES,
    *pops.ROUTES,
    *agents.ROUTES,
    *phones.ROUTES,
    *live.ROUTES,
    *health.ROUTES,
    *pages.ROUTES,
)

"""Every route of the desk, in one table: one file per resource."""

from __future__ import annotations

from typing import Final

from bridge.desk.route import Route
from bridge.desk.routes import (
    agents,
    calls,
    customers,
    dead_letters,
    filing,
    health,
    live,
    login,
    pages,
    recordings,
)

ROUTES: Final[tuple[Route, ...]] = (
    *login.ROUTES,
    *customers.ROUTES,
    *calls.ROUTES,
    *filing.ROUTES,
    *recordings.ROUTES,
    *agents.ROUTES,
    *dead_letters.ROUTES,
    *live.ROUTES,
    *health.ROUTES,
    *pages.ROUTES,
)

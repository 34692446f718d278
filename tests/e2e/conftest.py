from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.harness import Desk, Omniline


@pytest_asyncio.fixture
async def omniline(tmp_path: Path) -> AsyncIterator[Omniline]:
    """The sample company, running, with real Asterisk."""
    server = Omniline(tmp_path / "home")
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


@pytest_asyncio.fixture
async def admin(omniline: Omniline) -> AsyncIterator[Desk]:
    async with Desk(omniline, "admin", omniline.secrets.admin_password) as desk:
        yield desk


@pytest_asyncio.fixture
async def agent_101(omniline: Omniline) -> AsyncIterator[Desk]:
    """The first agent's desk, listening."""
    async with Desk(omniline, "101", omniline.secrets.phones["101"].desk_password) as desk:
        await desk.listen()
        yield desk


@pytest_asyncio.fixture
async def agent_102(omniline: Omniline) -> AsyncIterator[Desk]:
    async with Desk(omniline, "102", omniline.secrets.phones["102"].desk_password) as desk:
        await desk.listen()
        yield desk


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is in real time."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.realtime)

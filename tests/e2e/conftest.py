from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.harness import Desk, Omniline


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def omniline(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Omniline]:
    """The sample company, running, with real Asterisk: one for all tests of a module, each with callers of its own."""
    server = Omniline(tmp_path_factory.mktemp("omniline") / "home")
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def agent_101(omniline: Omniline) -> AsyncIterator[Desk]:
    """The first agent's desk, listening."""
    async with Desk(omniline, "101", omniline.secrets.phones["101"].desk_password) as desk:
        await desk.listen()
        yield desk
        await desk.finish_wrap_ups()


@pytest_asyncio.fixture(loop_scope="module")
async def agent_102(omniline: Omniline) -> AsyncIterator[Desk]:
    async with Desk(omniline, "102", omniline.secrets.phones["102"].desk_password) as desk:
        await desk.listen()
        yield desk
        await desk.finish_wrap_ups()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is in real time, but for the pages: those have the fakes' time, and wait for what they show."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and not item.path.is_relative_to(here / "desk"):
            item.add_marker(pytest.mark.realtime)

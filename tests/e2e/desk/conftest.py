"""One browser for all tests, and a page of the desk for each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.e2e.desk.browser import log_in, open_browser, open_context, watch
from tests.e2e.desk.fake_desk import AGENT, DIST, PASSWORD, FakeDesk


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    assert (DIST / "index.html").is_file(), "build the desk first: npm ci && npm run build in bridge/desk/web"
    async with open_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def desk() -> AsyncIterator[FakeDesk]:
    async with FakeDesk() as desk:
        yield desk


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, desk: FakeDesk) -> AsyncIterator[Page]:
    """Logged in and waiting; in the end nothing was complained of, neither by a script nor by the security policy."""
    context = await open_context(browser)
    page = await context.new_page()
    complaints = watch(page)
    await log_in(page, desk.url, AGENT.login, PASSWORD)
    yield page
    await context.close()
    assert complaints == []

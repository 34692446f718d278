"""Logging in, and the end of a session, in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.desk import people
from tests.e2e.desk.browser import open_context
from tests.e2e.desk.fake_desk import AGENT, PASSWORD, FakeDesk

# One browser for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_wrong_password_is_said_and_the_right_one_opens_the_desk(
    browser: Browser, desk: FakeDesk
) -> None:
    page = await (await open_context(browser)).new_page()
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await page.get_by_label("Login").fill(AGENT.login)
    await page.get_by_label("Password").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Login or password is wrong")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=people.OLENA.name)).to_be_visible()


async def test_session_that_ended_asks_to_log_in(desk: FakeDesk, page: Page) -> None:
    await page.context.clear_cookies()
    await desk.cut()
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()

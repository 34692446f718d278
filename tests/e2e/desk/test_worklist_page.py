"""The list of calls that nobody answered, in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.e2e.desk.calls import open_work
from tests.e2e.desk.fake_desk import FakeDesk

# One browser for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_missed_calls_are_a_worklist_that_follows_everybody(desk: FakeDesk, page: Page) -> None:
    link = page.get_by_role("link", name="Work that waits: 5")
    await link.click()
    tried, voicemail, taken = (page.locator(f".work-item[data-key='{key}']") for key in desk.worklist.all)
    await expect(tried).to_contain_text("3 attempts")
    await expect(
        tried.get_by_role("link", name="+380\u00a093\u00a0555\u00a001\u00a099").last
    ).to_have_attribute("href", "tel:+380935550199")
    await expect(voicemail.get_by_role("group", name="Voicemail")).to_be_visible()
    await expect(voicemail.locator(".transcript-word")).to_have_text(
        ["передзвоніть", "мені", "про", "замовлення"]
    )
    await expect(taken).to_contain_text("Taken by Марія Ткач")
    await expect(taken.get_by_role("button")).to_have_count(0)

    await tried.get_by_role("button", name="Take").click()
    await expect(tried).to_contain_text("You have taken this")
    await tried.get_by_role("button", name="Give back").click()
    await expect(tried).to_contain_text("Nobody has taken this yet")
    await voicemail.get_by_role("button", name="Done").click()
    await expect(voicemail).to_have_count(0)

    # What others do, and another caller.
    new, _ = desk.worklist.all.values()
    await desk.worklist.handle(new.key)
    await expect(tried).to_have_count(0)
    await desk.worklist.miss(open_work()[1])
    await expect(voicemail).to_be_visible()
    await expect(page.get_by_role("link", name="Work that waits: 4")).to_be_visible()

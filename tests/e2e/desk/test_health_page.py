"""The health page in a real Chromium: it says what is up, and what is not a moment after it went."""

from __future__ import annotations

import msgspec
import pytest
from playwright.async_api import expect

from bridge.domain.agent import Role
from bridge.domain.health import Part
from tests.e2e.desk.browser import log_in, open_browser, open_context, watch
from tests.e2e.desk.fake_desk import AGENT, PASSWORD, FakeDesk


async def test_an_admin_sees_what_is_up_and_what_went_down() -> None:
    async with open_browser() as browser, FakeDesk(Role.ADMIN) as desk:
        page = await (await open_context(browser)).new_page()
        complaints = watch(page)
        await log_in(page, desk.url, AGENT.login, PASSWORD)
        await page.get_by_role("button", name="Menu").click()
        await page.get_by_role("link", name="Health").click()
        await expect(page.get_by_text("All is well")).to_be_visible()
        await expect(
            page.get_by_role("region", name="Phones").get_by_text("Registered", exact=True)
        ).to_have_count(2)
        queues = page.get_by_role("region", name="Queues")
        await expect(queues.get_by_role("listitem")).to_contain_text(
            ["salesWaiting: 1", "", "101", "102Wrap-up"]
        )
        await expect(page.get_by_role("region", name="Not watched")).to_contain_text("12")
        await expect(page.get_by_role("region", name="Versions")).to_contain_text("22.10.1")
        parts = [msgspec.structs.replace(part, ok=part.name != "agi") for part in desk.health.parts]
        desk.health = msgspec.structs.replace(desk.health, parts=parts)
        await expect(page.get_by_text("Something is not working")).to_be_visible()
        assert [part for part in parts if not part.ok] == [Part("agi", ok=False)]
        line = page.get_by_role("region", name="What must be up").get_by_role("listitem")
        await expect(line.filter(has_text="AGI")).to_contain_text("Not working")
        assert complaints == []


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR])
async def test_others_have_no_link_to_it(role: Role) -> None:
    async with open_browser() as browser, FakeDesk(role) as desk:
        page = await (await open_context(browser)).new_page()
        await log_in(page, desk.url, AGENT.login, PASSWORD)
        await page.get_by_role("button", name="Menu").click()
        await expect(page.get_by_role("button", name="Log out")).to_be_visible()
        await expect(page.get_by_role("link", name="Health")).to_have_count(0)

"""What an admin does at the desk, in a real Chromium: phones, failed work, mailboxes."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from bridge.domain.agent import Role
from tests.e2e.desk.browser import log_in, open_context, watch
from tests.e2e.desk.fake_desk import AGENT, PASSWORD, FakeDesk

# One browser for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_admin_tries_what_a_phone_shows_and_says_what_was_seen(browser: Browser) -> None:
    async with FakeDesk(Role.ADMIN) as desk:
        context = await open_context(browser)
        page = await context.new_page()
        await log_in(page, desk.url, AGENT.login, PASSWORD)
        await page.locator(".bar-menu").click()
        await page.get_by_role("link", name="Phones").click()
        tried, _, away = (page.locator(".phone").nth(n) for n in range(3))
        message = tried.locator("[data-rung=message]")
        await expect(message).to_contain_text("not shown")
        await expect(tried.locator("[data-rung=call_info]")).to_contain_text("off")
        await expect(tried.locator("[data-rung=ringing]")).to_contain_text("not proved")
        await expect(page.locator(".rung-ask")).to_have_count(0)

        await tried.get_by_role("button", name="Test call").click()
        await expect(tried.get_by_role("status")).to_contain_text("rings now")
        assert desk.phones.tested == ["101"]
        ask = tried.get_by_role("group", name="Did the phone show it: Text message (SIP MESSAGE)")
        await ask.get_by_role("button", name="Shown", exact=True).click()
        await expect(message.locator(".rung-seen")).to_contain_text("shown")
        await expect(message.locator(".rung-seen")).to_contain_text(AGENT.name)
        assert {rung.rung: rung.shown for rung in desk.phones.all["agent-101"].rungs}["message"]

        await away.get_by_role("button", name="Test call").click()
        await expect(page.locator(".toast")).to_contain_text("is not connected, or in use")
        assert desk.phones.tested == ["101"]
        await context.close()


async def test_an_admin_has_failed_work_tried_again_or_drops_it_when_sure(browser: Browser) -> None:
    async with FakeDesk(Role.ADMIN) as desk:
        page = await (await open_context(browser)).new_page()
        complaints = watch(page)
        await log_in(page, desk.url, AGENT.login, PASSWORD)
        await page.get_by_label("Menu").click()
        await page.get_by_role("link", name="Failed work").click()
        await expect(page.locator(".letter")).to_have_count(2)
        await page.get_by_role("button", name="Try again").first.click()
        await expect(page.locator(".letter")).to_have_count(1)
        await page.get_by_role("button", name="Drop").click()
        await expect(page.locator(".letter")).to_have_count(1)
        await page.get_by_role("dialog").get_by_role("button", name="Drop").click()
        await expect(page.get_by_text("Nothing has failed.")).to_be_visible()
        assert (desk.dead_letters.all, complaints) == ([], [])
        await page.context.close()


async def test_an_admin_sets_a_mailboxs_password_which_is_shown_nowhere(browser: Browser) -> None:
    async with FakeDesk(Role.ADMIN) as desk:
        page = await (await open_context(browser)).new_page()
        complaints = watch(page)
        await log_in(page, desk.url, AGENT.login, PASSWORD)
        await page.goto(f"{desk.url}/connections")
        mailbox = page.locator(".connection").first
        await expect(mailbox).to_contain_text("Password: not set")
        await mailbox.get_by_role("button", name="Password").click()
        field = page.get_by_role("dialog").get_by_label("Password")
        assert await field.get_attribute("type") == "password"
        await field.fill(" a b ")
        await page.get_by_role("dialog").get_by_role("button", name="Keep").click()
        await expect(mailbox).not_to_contain_text("not set")
        # Of a password every letter counts.
        assert list(desk.channels.tokens.values()) == [" a b "]
        assert complaints == []
        await page.context.close()

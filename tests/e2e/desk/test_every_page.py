"""What holds for every page, in a real Chromium: the language, accessibility, no wider than the screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bridge.domain.agent import Role
from tests.e2e.desk import people
from tests.e2e.desk.browser import log_in, open_context
from tests.e2e.desk.calls import past_calls
from tests.e2e.desk.conversations import CHAT
from tests.e2e.desk.fake_desk import AGENT, PASSWORD, FakeDesk
from tests.e2e.harness import eventually

AXE = Path(__file__).parents[3] / "bridge/desk/web/node_modules/axe-core/axe.min.js"
OLENA = "+380501234567"

# One browser for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_language_switch_changes_every_word_and_stays(desk: FakeDesk, page: Page) -> None:
    await page.get_by_role("button", name="Menu").click()
    await page.get_by_label("Language").select_option("uk")
    await expect(page.get_by_role("heading", name="Чекаємо на дзвінок")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Чекаємо на дзвінок")).to_be_visible()
    assert await page.locator("html").get_attribute("lang") == "uk"


async def on_waiting(_: FakeDesk, page: Page) -> None:
    await page.wait_for_selector(".call-row")


async def on_pop(desk: FakeDesk, page: Page) -> None:
    await desk.ring("+380445450100", people.FIRM)
    await page.wait_for_selector(".candidate")


async def on_wrap_up(desk: FakeDesk, page: Page) -> None:
    pop = await desk.ring(OLENA, people.OLENA)
    await desk.answer(pop)
    await desk.hang_up(pop.call_id)
    await page.wait_for_selector(".choice")


async def on_customer(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await page.wait_for_selector(".entry")


async def on_search(_: FakeDesk, page: Page) -> None:
    await page.get_by_role("combobox").fill("олена")
    await page.wait_for_selector(".search-option mark")


async def on_filters(desk: FakeDesk, page: Page) -> None:
    await on_customer(desk, page)
    await page.get_by_role("button", name="More filters").click()
    await page.get_by_text("Corrected later").click()


async def on_call(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/calls/{past_calls()[0].id}")
    await page.wait_for_selector(".stage")


async def on_worklist(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/worklist")
    await expect(page.locator(".work-item")).to_have_count(3)


async def on_conversation(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/conversations/{CHAT}")
    await expect(page.locator(".bubble")).to_have_count(5)

    async def is_here() -> bool:
        return bool(desk.presence)

    await eventually(is_here, what="this desk says that it is here")
    await desk.come("Марія Ткач", CHAT, "typing")
    await page.wait_for_selector(".composer-others")


async def on_note(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/conversations/{CHAT}")
    await page.get_by_role("button", name="Internal note").click()
    await page.locator(".composer textarea").press_sequentially("@")
    await page.wait_for_selector(".composer-mentions")


async def on_canned(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/canned_answers")
    await page.get_by_role("button", name="Change").first.click()
    await page.wait_for_selector("dialog .field-area")


async def on_hours(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/hours")
    await expect(page.locator(".hours-day")).to_have_count(7)


async def on_phones(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/phones")
    await page.locator(".phone").first.get_by_role("button").click()
    await expect(page.locator(".rung-ask")).to_have_count(4)


async def on_merging(desk: FakeDesk, page: Page) -> None:
    await on_customer(desk, page)
    await page.get_by_role("button", name="The same as…").click()
    await page.locator("dialog .search-input").fill("Ірина")
    await page.locator("dialog .search-option").click()
    await page.wait_for_selector("dialog .facts")


async def on_suggestions(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/suggestions")
    await page.wait_for_selector(".suggestion")


async def on_components(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/components")
    await page.wait_for_selector(".show")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
async def test_every_page_is_accessible_and_fits(browser: Browser, theme: str, width: int) -> None:
    """WCAG 2.1 A and AA as far as axe can tell (contrast, names, roles, order), and no page scrolls sideways."""
    for scene in (
        on_waiting,
        on_pop,
        on_wrap_up,
        on_customer,
        on_search,
        on_filters,
        on_call,
        on_worklist,
        on_conversation,
        on_note,
        on_canned,
        on_hours,
        on_phones,
        on_merging,
        on_suggestions,
        on_components,
    ):
        async with FakeDesk(Role.SUPERVISOR) as desk:
            context = await open_context(browser, width, 800, theme)
            page = await context.new_page()
            await log_in(page, desk.url, AGENT.login, PASSWORD)
            await scene(desk, page)
            await page.evaluate(AXE.read_text())
            found = await page.evaluate(
                "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})"
                ".then(({violations}) => violations.map(({id, nodes}) => [id, nodes.map(n => n.html + n.failureSummary)]))"
            )
            assert found == [], scene.__name__
            overflow = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert overflow <= 0, scene.__name__
            await context.close()

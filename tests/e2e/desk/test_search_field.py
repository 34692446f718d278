"""The search field of the desk in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.e2e.desk import people
from tests.e2e.desk.fake_desk import FakeDesk

# One browser for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_customers_are_found_with_the_keyboard_alone(page: Page) -> None:
    await page.get_by_role("combobox").press_sequentially("бондар")
    await expect(page.get_by_role("option")).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text(people.IRYNA.name)


async def test_words_are_found_marked_and_lead_to_their_day(desk: FakeDesk, page: Page) -> None:
    await page.get_by_role("combobox").fill("замовленням чайник")
    await expect(page.get_by_text("Nothing found")).to_be_visible()
    await page.get_by_role("combobox").fill("знижки")
    option = page.get_by_role("option")
    await expect(option).to_have_count(1)
    await expect(option).to_contain_text(people.OLENA.name)
    await expect(option.locator("mark")).to_have_text(["знижку"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text(people.OLENA.name)
    await expect(page.locator(".timeline-filter").get_by_label("To")).not_to_have_value("")
    await expect(page.locator(".entry").first).to_contain_text("Обіцяли знижку")
    await page.get_by_role("button", name="Show all").click()
    await expect(page.locator(".entry").first).to_contain_text("Order")


async def test_a_mistyped_name_is_found_and_marked(page: Page) -> None:
    family = people.OLENA.name.split()[1]
    await page.get_by_role("combobox").fill(f"{family[:3]}щ{family[4:]}")
    await expect(page.get_by_role("option").first.locator("mark")).to_have_text([family])

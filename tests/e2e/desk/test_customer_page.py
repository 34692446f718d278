"""The customer's page in a real Chromium: matters, promises, consents, addresses, the timeline."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.e2e.desk import people
from tests.e2e.desk.entries import entries_of
from tests.e2e.desk.fake_desk import FakeDesk
from tests.e2e.harness import eventually

OLENA = "+380501234567"

# One browser for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_matter_is_moved_settled_and_taken_for_the_call(desk: FakeDesk, page: Page) -> None:
    await desk.ring(OLENA, people.OLENA)
    panel = page.get_by_role("region", name="Matters")
    first = panel.locator(".matter").first
    await expect(first).to_contain_text("Чайник не оплачено")
    await expect(first).to_contain_text("#20481")
    await expect(panel.get_by_text("1 settled")).to_be_visible()
    await first.get_by_role("button", name="This call is about it").click()
    await expect(first.get_by_text("this call", exact=True)).to_be_visible()
    await first.get_by_label("Whose move it is").select_option("settled")
    await expect(panel.get_by_text("2 settled")).to_be_visible()
    await panel.get_by_role("button", name="New matter").click()
    await panel.get_by_label("What is it about?").fill("<b>Повернення</b>")
    await page.keyboard.press("Enter")
    await expect(panel.locator(".matter-title").first).to_have_text("<b>Повернення</b>")


async def test_a_promise_is_made_and_kept(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    panel = page.get_by_role("region", name="Promises")
    await expect(panel.locator(".promise")).to_have_count(1)
    await panel.get_by_role("button", name="New promise").click()
    await panel.get_by_label("What do we promise?").fill("Передзвонити")
    await panel.get_by_label("By when").fill("2026-01-02T10:30")
    await panel.get_by_role("button", name="Promise", exact=True).click()
    made = panel.locator(".promise").filter(has_text="Передзвонити")
    await expect(made).to_contain_text("overdue since")
    await made.get_by_role("button", name="Done").click()
    await expect(panel.locator(".promise")).to_have_count(1)


async def test_a_number_that_changed_hands_is_retired(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await page.get_by_role("button", name="Changed hands").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("Its next call is a new customer’s.")).to_be_visible()
    await dialog.get_by_label("Reason").fill("sold the phone")
    await dialog.get_by_role("button", name="Changed hands").click()
    await expect(dialog).to_have_count(0)
    assert desk.customers.retired == [{"kind": "phone", "address": OLENA, "reason": "sold the phone"}]


async def test_what_a_customer_says_of_being_written_to_is_shown_and_recorded(
    desk: FakeDesk, page: Page
) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    panel = page.get_by_role("region", name="May we write?")
    await expect(panel.get_by_role("listitem")).to_contain_text(["Telegram, advertising"])
    await expect(panel.get_by_role("listitem")).to_contain_text(["“стоп”"])
    await panel.get_by_role("button", name="Record what they say").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("radio", name="E-mail").check()
    await dialog.get_by_label("In their words").fill("Please no mail")
    await dialog.get_by_role("button", name="Record", exact=True).click()
    await expect(dialog).to_have_count(0)
    await expect(panel.get_by_role("listitem")).to_have_count(2)
    (kept, _) = desk.consents.of[people.OLENA.id]
    assert (kept.channel, kept.purpose, kept.granted, kept.words) == (
        "email",
        "service",
        False,
        "Please no mail",
    )


async def test_timeline_loads_older_entries_while_one_scrolls_and_filters(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    entries = page.locator(".entry")
    await expect(entries.first).to_be_visible()
    total = len(entries_of(people.OLENA))
    assert await entries.count() < total

    async def all_loaded() -> bool:
        await page.keyboard.press("End")
        return await entries.count() == total

    await eventually(all_loaded, what="the oldest entry")
    await expect(page.get_by_text("Here it began.")).to_be_visible()
    await page.get_by_role("group", name="Show channel").get_by_text("Phone").click()
    await expect(entries).to_have_count(1)
    await expect(entries.first).to_contain_text("Incoming call")


async def test_note_on_a_customer_is_on_the_timeline_at_once(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await page.get_by_label("Note", exact=True).fill("<b>not markup</b>")
    await page.get_by_role("button", name="Add to the timeline").click()
    await expect(page.locator(".entry").first).to_contain_text("<b>not markup</b>")
    await expect(page.locator(".entry").filter(has_text="not markup")).to_have_count(1)


async def test_the_timeline_is_filtered_by_what_who_and_when(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await page.get_by_role("button", name="More filters").click()
    await page.get_by_label("What").select_option("note")
    await expect(page.locator(".entry")).to_have_count(2)
    await page.get_by_label("Agent", exact=True).select_option("agent-2")
    await expect(page.get_by_text("Nothing like that here.")).to_be_visible()
    await page.get_by_role("button", name="Show all").click()
    await page.get_by_label("From").fill("2100-01-01")
    await expect(page.get_by_text("Nothing like that here.")).to_be_visible()


async def test_what_was_corrected_or_removed_says_so(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await expect(page.get_by_text("Removed at the customer's request.")).to_be_visible()
    old = page.locator(".entry").filter(has_text="Corrected later")
    await expect(old.get_by_text("на середу")).to_be_hidden()
    await old.get_by_text("Corrected later").click()
    await expect(old.get_by_text("на середу")).to_be_visible()
    await expect(page.locator(".entry").filter(has_text="на четвер")).to_contain_text("Correction")

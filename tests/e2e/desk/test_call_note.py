"""The note of a call in a real Chromium: what is typed is never lost."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.e2e.desk import people
from tests.e2e.desk.fake_desk import AGENT, PASSWORD, FakeDesk
from tests.e2e.harness import eventually

OLENA = "+380501234567"

# One browser for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_draft_survives_a_reload_and_becomes_one_entry(desk: FakeDesk, page: Page) -> None:
    pop = await desk.ring(OLENA, people.OLENA)
    await desk.answer(pop)
    note = page.get_by_label("Note", exact=True)
    await note.press_sequentially("pays on delivery")
    await expect(page.get_by_text("Saved on the server")).to_be_visible()
    assert desk.calls.drafts[pop.call_id].text == "pays on delivery"
    await page.reload()
    await expect(note).to_have_value("pays on delivery")
    await desk.hang_up(pop.call_id)
    await expect(page.get_by_test_id("workspace")).to_have_attribute("data-phase", "wrap_up")
    await expect(page.get_by_role("button", name="Finish wrap-up")).to_be_disabled()
    await page.get_by_role("radio", name="Resolved").check(force=True)
    await page.get_by_role("button", name="Finish wrap-up").click()
    await expect(page.get_by_role("heading", name="Waiting for a call")).to_be_visible()
    assert desk.wrapped_up == [(pop.call_id, "resolved")]
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await expect(page.locator(".entry").first).to_contain_text("pays on delivery")


async def test_what_was_just_typed_is_saved_when_the_tab_closes(desk: FakeDesk, page: Page) -> None:
    pop = await desk.ring(OLENA, people.OLENA)
    await desk.answer(pop)
    await page.get_by_label("Note", exact=True).fill("last words")
    await page.goto("about:blank")

    async def stored() -> bool:
        return pop.call_id in desk.calls.drafts and desk.calls.drafts[pop.call_id].text == "last words"

    await eventually(stored, what="the draft is stored")


async def test_draft_that_cannot_be_saved_says_so_and_is_saved_later(desk: FakeDesk, page: Page) -> None:
    pop = await desk.ring(OLENA, people.OLENA)
    await desk.answer(pop)
    desk.calls.reachable = False
    await page.get_by_label("Note", exact=True).fill("words")
    await expect(page.get_by_text("Could not be saved; trying again")).to_be_visible()
    desk.calls.reachable = True
    await expect(page.get_by_text("Saved on the server")).to_be_visible()
    assert desk.calls.drafts[pop.call_id].text == "words"


async def test_two_windows_with_one_draft_ask_which_to_keep(desk: FakeDesk, page: Page) -> None:
    pop = await desk.ring(OLENA, people.OLENA)
    await desk.answer(pop)
    note = page.get_by_label("Note", exact=True)
    await note.fill("first window")
    await expect(page.get_by_text("Saved on the server")).to_be_visible()
    other = await page.context.new_page()
    await other.goto(desk.url)
    await other.get_by_label("Note", exact=True).fill("second window")
    await expect(other.get_by_text("Saved on the server")).to_be_visible()
    await note.fill("first window again")
    await expect(page.get_by_text("This note was changed in another window")).to_be_visible()
    await page.get_by_role("button", name="Take the other").click()
    await expect(note).to_have_value("second window")
    assert desk.calls.drafts[pop.call_id].text == "second window"


async def test_what_was_typed_when_the_session_ended_is_there_after_the_next_login(
    desk: FakeDesk, page: Page
) -> None:
    pop = await desk.ring(OLENA, people.OLENA)
    await desk.answer(pop)
    await expect(page.get_by_label("Note", exact=True)).to_be_visible()
    await page.context.clear_cookies()
    await page.get_by_label("Note", exact=True).fill("not lost")
    await desk.cut()
    await page.get_by_label("Login").fill(AGENT.login)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_label("Note", exact=True)).to_have_value("not lost")
    await expect(page.get_by_text("Saved on the server")).to_be_visible()
    assert desk.calls.drafts[pop.call_id].text == "not lost"

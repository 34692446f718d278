"""The desk in a real Chromium, on a real call: the card before the answer, the note on the timeline after it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.desk.browser import log_in, open_browser, open_context, watch
from tests.e2e.harness import Desk, Omniline, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Of the sample company: the VIP with an unpaid order.
KNOWN = "+380501110001"
NOTE = "Wants the parcel on Friday"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


async def open_desk(browser: Browser, omniline: Omniline, extension: str) -> tuple[Page, list[str]]:
    page = await (await open_context(browser)).new_page()
    complaints = watch(page)
    await log_in(page, omniline.url, extension, omniline.secrets.phones[extension].desk_password)
    await expect(page.locator(".bar .pill")).not_to_have_attribute("data-state", "offline")
    return page, complaints


async def test_the_card_is_on_screen_before_the_agent_answers_and_the_note_on_the_timeline_after(
    omniline: Omniline, browser: Browser
) -> None:
    async with Desk(omniline, "admin", omniline.secrets.admin_password) as admin:
        customer = (await admin.get("customers", phone=KNOWN))["items"][0]
    page, complaints = await open_desk(browser, omniline, "101")
    phone = await omniline.answering("101", ring_ms=3000)
    caller = await omniline.calling(KNOWN, before_ms=4000, talk_ms=4000)

    work = page.get_by_test_id("workspace")
    await expect(work).to_have_attribute("data-phase", "ringing", timeout=10_000)
    await expect(work.get_by_role("heading", level=1)).to_have_text(customer["name"])
    await expect(work.locator(".order .tone-bad")).to_have_count(1)
    await expect(work.locator(".entry").first).to_be_visible()

    await expect(work).to_have_attribute("data-phase", "in_call", timeout=10_000)
    await work.locator("textarea").press_sequentially(NOTE)
    await expect(work.locator(".note-status")).to_have_attribute("data-status", "saved")
    assert await caller.wait(30)
    assert await phone.wait(10)
    await expect(work).to_have_attribute("data-phase", "wrap_up", timeout=10_000)
    call_id = await work.get_attribute("data-call")
    await page.reload()
    await page.locator(".unfinished button").click()
    await expect(work.locator("textarea")).to_have_value(NOTE)
    await work.locator("input[value=resolved]").check(force=True)
    await work.locator(".work-desk .button-primary").click()
    await expect(work).to_have_count(0)

    await page.goto(f"{omniline.url}/customers/{customer['id']}")
    await expect(page.locator(".entry[data-kind=note]").first).to_contain_text(NOTE)
    await page.goto(f"{omniline.url}/calls/{call_id}")
    stages = page.locator(".stage")
    await expect(stages.first).to_be_visible()
    shown = [await stage.get_attribute("data-stage") for stage in await stages.all()]
    assert shown.index("pop_shown") < shown.index("answered")
    await page.locator(".player .button-icon").click()

    async def heard() -> bool:
        return bool(await page.evaluate("document.querySelector('audio').currentTime > 0.2"))

    await eventually(heard, what="the recording plays")
    assert complaints == []
    await page.context.close()


async def test_when_one_answers_the_others_card_says_so_and_goes(
    omniline: Omniline, browser: Browser
) -> None:
    page, complaints = await open_desk(browser, omniline, "102")
    answering = await omniline.answering("101", ring_ms=3000)
    ringing = await omniline.answering("102", scenario="ring")
    caller = await omniline.calling(KNOWN, before_ms=3000, talk_ms=3000)
    work = page.get_by_test_id("workspace")
    await expect(work).to_have_attribute("data-phase", "ringing", timeout=10_000)
    await expect(work).to_have_attribute("data-phase", "withdrawn", timeout=10_000)
    await expect(work.locator(".notice-info")).to_be_visible()
    await expect(work).to_have_count(0, timeout=10_000)
    assert await caller.wait(30)
    assert await answering.wait(10)
    await ringing.stop()
    assert complaints == []
    await page.context.close()

"""The page of a call in a real Chromium: its recording and its words."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from bridge.domain.call import RecordingTranscript, TranscriptState, WhyWordless
from tests.e2e.desk.calls import past_calls
from tests.e2e.desk.fake_desk import FakeDesk
from tests.e2e.harness import eventually

# One browser for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_recording_plays(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/calls/{past_calls()[0].id}")
    await expect(page.locator(".stage")).to_have_count(9)
    await page.get_by_role("button", name="Play").click()
    await page.get_by_role("group", name="Listen to").get_by_text("Caller").click()

    async def heard() -> bool:
        return bool(await page.evaluate("document.querySelector('audio').currentTime > 0.2"))

    await eventually(heard, what="the recording plays")


async def test_the_word_that_is_spoken_is_lit_and_a_click_on_one_goes_there(
    desk: FakeDesk, page: Page
) -> None:
    await page.goto(f"{desk.url}/calls/{past_calls()[0].id}")
    words = page.locator(".transcript-word")
    await expect(words).to_have_text(["where", "is", "on", "friday"])
    await expect(page.locator(".transcript-speaker")).to_have_text(["Caller", "Agent"])
    lit = page.locator(".transcript-word[aria-current]")
    await expect(lit).to_have_count(0)
    for index in (2, 0, 3):
        await words.nth(index).click()
        await expect(lit).to_have_text([await words.nth(index).inner_text()])
    await page.locator(".transcript-time").last.click()
    await expect(lit).to_have_text(["on"])
    await page.get_by_role("button", name="Play").click()

    async def is_lit() -> bool:
        return await lit.all_inner_texts() == ["friday"]

    await eventually(is_lit, within=30, what="the last word is lit")
    await expect(lit).to_have_count(0)


async def test_why_there_are_no_words_is_said(desk: FakeDesk, page: Page) -> None:
    call = past_calls()[0]
    failed = RecordingTranscript(state=TranscriptState.FAILED, reason=WhyWordless.NO_MODEL)
    desk.calls.transcripts[call.id] = RecordingTranscript(state=TranscriptState.WAITING)
    await page.goto(f"{desk.url}/calls/{call.id}")
    await expect(page.get_by_text("The words are being recognised.")).to_be_visible()
    desk.calls.transcripts[call.id] = failed
    await desk.say_transcript(call.id)
    await expect(page.get_by_text("there is no speech model")).to_be_visible()

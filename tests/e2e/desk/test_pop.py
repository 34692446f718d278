"""A call that rings, in a real Chromium: the card, who it may be, and what becomes of it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.desk import people
from tests.e2e.desk.fake_desk import FakeDesk
from tests.e2e.harness import eventually

OLENA = "+380501234567"

# One browser for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def shows(desk: FakeDesk, pop_id: str) -> None:
    async def told() -> bool:
        return pop_id in desk.shown

    await eventually(told, what="the browser says that the pop is shown")


async def test_pop_shows_the_whole_card_and_says_that_it_is_shown(desk: FakeDesk, page: Page) -> None:
    pop = await desk.ring(OLENA, people.OLENA)
    await shows(desk, pop.id)
    work = page.get_by_test_id("workspace")
    await expect(work).to_have_attribute("data-phase", "ringing")
    await expect(work.get_by_role("heading", level=1)).to_have_text(people.OLENA.name)
    for text in (
        "+380\u00a050\u00a0123\u00a045\u00a067",
        "VIP",
        "Ukrainian",
        "Not paid",
        "Paid",
        "Abandoned cart",
    ):
        await expect(work.get_by_text(text, exact=True).first).to_be_visible()
    await expect(work.get_by_role("region", name="Last note")).to_contain_text("четвер після 18:00")
    await expect(work.get_by_role("region", name="Open conversations")).to_contain_text("#20481")
    await expect(work.get_by_text("Last spoke: Марія Ткач")).to_be_visible()
    await expect(page.locator("[role=alert]")).to_contain_text(f"Incoming call: {people.OLENA.name}")
    await expect(page).to_have_title(re.compile(people.OLENA.name))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("answered_elsewhere", "A colleague answered this call."),
        ("caller_gave_up", "The caller hung up before anybody answered."),
        ("rejected", "You rejected this call; it goes on ringing elsewhere."),
    ],
)
async def test_withdrawn_pop_says_why_and_goes_away(
    desk: FakeDesk, page: Page, reason: str, words: str
) -> None:
    await page.clock.install()
    pop = await desk.ring(OLENA, people.OLENA)
    await page.clock.run_for(100)
    await expect(page.get_by_test_id("workspace")).to_have_attribute("data-phase", "ringing")
    await desk.withdraw(pop, reason)
    await expect(page.get_by_test_id("workspace").get_by_role("status").first).to_have_text(words)
    await page.clock.run_for(7_000)
    await expect(page.get_by_test_id("workspace")).to_have_count(0)
    await expect(page.get_by_role("heading", name="Waiting for a call")).to_be_visible()


async def test_new_and_anonymous_callers_have_cards_too(desk: FakeDesk, page: Page) -> None:
    pop = await desk.ring("+380935550199", None)
    heading = page.get_by_test_id("workspace").get_by_role("heading", level=1)
    await expect(heading).to_have_text("New caller")
    await expect(page.locator(".work-number")).to_have_text("+380\u00a093\u00a0555\u00a001\u00a099")
    await desk.withdraw(pop, "caller_gave_up")
    await desk.ring("", None)
    await expect(heading).to_have_text("Anonymous caller")
    await expect(page.locator(".work-number")).to_have_text("number withheld")


async def test_second_pop_does_not_displace_the_first(desk: FakeDesk, page: Page) -> None:
    await desk.ring(OLENA, people.OLENA)
    heading = page.get_by_test_id("workspace").get_by_role("heading", level=1)
    await expect(heading).to_have_text(people.OLENA.name)
    second = await desk.ring("+380445450100", people.FIRM)
    await shows(desk, second.id)
    await expect(heading).to_have_text(people.OLENA.name)
    await page.get_by_role("navigation").get_by_text(people.FIRM.name).click()
    await expect(heading).to_have_text(people.FIRM.name)


async def test_pop_does_not_take_the_keyboard_from_who_writes(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    note = page.get_by_label("Note", exact=True)
    await note.press_sequentially("half a ")
    pop = await desk.ring("+380445450100", people.FIRM)
    await shows(desk, pop.id)
    await page.keyboard.type("sentence")
    await expect(note).to_have_value("half a sentence")
    await page.get_by_role("navigation").get_by_text(people.FIRM.name).click()
    await page.go_back()
    await expect(note).to_have_value("half a sentence")


async def test_shared_number_asks_who_calls_and_the_choice_can_be_undone(desk: FakeDesk, page: Page) -> None:
    await desk.ring("+380445450100", people.FIRM)
    question = "An order to Львівська, 5 or to Сумська, 12?"
    await expect(page.get_by_role("region", name="Who is calling?").get_by_text(question)).to_be_visible()
    heading = page.get_by_test_id("workspace").get_by_role("heading", level=1)
    await page.get_by_role("region", name="Who is calling?").get_by_text(people.TARAS.name).click()
    await expect(heading).to_have_text(people.TARAS.name)
    await page.get_by_role("button", name="Undo").click()
    await expect(heading).to_have_text(people.FIRM.name)


async def test_unknown_caller_becomes_a_customer(desk: FakeDesk, page: Page) -> None:
    pop = await desk.ring("+380935550199", None)
    await desk.answer(pop)
    await page.get_by_role("button", name="Say who it is").click()
    await page.get_by_label("Name of a new customer").fill("Ганна Шевчук")
    await page.get_by_role("button", name="Make this customer").click()
    await expect(page.get_by_test_id("workspace").get_by_role("heading", level=1)).to_have_text(
        "Ганна Шевчук"
    )


async def test_broken_link_is_said_and_what_no_longer_rings_goes(desk: FakeDesk, page: Page) -> None:
    pop = await desk.ring(OLENA, people.OLENA)
    await shows(desk, pop.id)
    desk.pops.clear()
    desk.state, desk.state_call = "available", None
    await desk.cut()
    await expect(page.get_by_text("No connection to the server")).to_be_visible()
    await expect(page.get_by_text("No connection to the server")).to_have_count(0)
    await expect(page.get_by_test_id("workspace")).to_have_count(0)

"""The web app in a real Chromium, against the fake other side: what it shows, says back, and never loses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bridge.domain.agent import Role
from bridge.domain.call import RecordingTranscript, TranscriptState, WhyWordless
from tests.e2e.desk import people
from tests.e2e.desk.browser import log_in, open_context, watch
from tests.e2e.desk.calls import open_work, past_calls
from tests.e2e.desk.conversations import CHAT
from tests.e2e.desk.entries import entries_of
from tests.e2e.desk.fake_desk import AGENT, PASSWORD, FakeDesk
from tests.e2e.harness import eventually

AXE = Path(__file__).parents[3] / "bridge/desk/web/node_modules/axe-core/axe.min.js"
OLENA = "+380501234567"


# One browser for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def shows(desk: FakeDesk, pop_id: str) -> None:
    async def told() -> bool:
        return pop_id in desk.shown

    await eventually(told, what="the browser says that the pop is shown")


async def test_wrong_password_is_said_and_the_right_one_opens_the_desk(
    browser: Browser, desk: FakeDesk
) -> None:
    page = await (await open_context(browser)).new_page()
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await page.get_by_label("Login").fill(AGENT.login)
    await page.get_by_label("Password").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Login or password is wrong")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=people.OLENA.name)).to_be_visible()


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


async def test_shared_number_asks_who_calls_and_the_choice_can_be_undone(desk: FakeDesk, page: Page) -> None:
    await desk.ring("+380445450100", people.FIRM)
    question = "An order to Львівська, 5 or to Сумська, 12?"
    await expect(page.get_by_role("region", name="Who is calling?").get_by_text(question)).to_be_visible()
    heading = page.get_by_test_id("workspace").get_by_role("heading", level=1)
    await page.get_by_role("region", name="Who is calling?").get_by_text(people.TARAS.name).click()
    await expect(heading).to_have_text(people.TARAS.name)
    await page.get_by_role("button", name="Undo").click()
    await expect(heading).to_have_text(people.FIRM.name)


async def test_two_are_made_one_after_a_look_at_what_comes_together(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await page.get_by_role("button", name="The same as…").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("The other customer").fill("Ірина")
    await dialog.get_by_role("option").click()
    await expect(dialog.get_by_text("Chat 4, E-mail 31, Notes 1, Phone 2")).to_be_visible()
    await expect(dialog.get_by_text("Name: Олена Ковальчук ↔ Ірина Бондар")).to_be_visible()
    # The radio itself is hidden under its chip.
    await dialog.get_by_role("radio", name="Ірина Бондар").check(force=True)
    await dialog.get_by_label("Reason").fill("the same voice")
    await dialog.get_by_role("button", name="Make them one").click()
    await expect(page.get_by_text("are one customer now")).to_be_visible()
    (merge,) = desk.merging.merges
    assert (merge.survivor.id, merge.reason) == (people.IRYNA.id, "the same voice")
    history = page.get_by_role("region", name="Merged from")
    await history.get_by_role("button", name="Undo").click()
    await expect(history.get_by_text(f"Taken back by {AGENT.name}")).to_be_visible()
    assert desk.merging.merges[0].undone_at is not None


async def test_suggestions_are_accepted_and_declined_with_their_evidence_in_sight(
    desk: FakeDesk, page: Page
) -> None:
    await page.get_by_role("button", name="Menu").click()
    await page.get_by_role("link", name="Perhaps the same customer").click()
    first, second = page.locator(".suggestion").nth(0), page.locator(".suggestion").nth(1)
    await expect(first).to_contain_text("Order #20481 has the phone of one and the e-mail of the other")
    await expect(first).to_contain_text("+380\u00a050\u00a0123\u00a045\u00a067 stands in the signature")
    await expect(second).to_contain_text("The same name at ТОВ «Світлий дім»")
    await second.get_by_role("button", name="They are two").click()
    await expect(page.locator(".suggestion")).to_have_count(1)
    await first.get_by_role("button", name="They are one").click()
    await expect(page.get_by_text("Nothing to decide")).to_be_visible()
    assert [merge.reason for merge in desk.merging.merges] == ["order"]


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


async def test_session_that_ended_asks_to_log_in(desk: FakeDesk, page: Page) -> None:
    await page.context.clear_cookies()
    await desk.cut()
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()


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

"""Conversations, hours and load in a real Chromium, against the fake other side."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import Locator, Page, expect

from bridge.domain.calendar import Holiday, Span
from bridge.domain.entry import EntryKind
from bridge.domain.times import iso, utc_now
from tests.e2e.desk import people
from tests.e2e.desk.conversations import CHAT, LATE, LINK, MAIL
from tests.e2e.desk.entries import entry
from tests.e2e.desk.fake_desk import FakeDesk
from tests.e2e.harness import eventually

# One browser for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


def talks(page: Page) -> Locator:
    return page.locator(".talk-name")


async def test_who_waits_longest_is_on_top_and_the_keyboard_is_enough(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/worklist")
    await expect(talks(page)).to_have_text(["Тарас Бондар", "Олена Ковальчук", "Ірина Бондар"])
    await expect(page.locator(".talk").first).to_contain_text("overdue since")
    await page.get_by_role("button", name="Mine · 1").press("Enter")
    await expect(talks(page)).to_have_text(["Олена Ковальчук"])
    await expect(page.locator(".talk").first).to_contain_text("You are called")
    await page.get_by_role("button", name="All · 3").press("Enter")
    await page.locator(".talk").first.focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Олена Ковальчук")).to_be_visible()
    # Who has answered waits for nobody; what another did is heard.
    await page.goto(f"{desk.url}/worklist")
    await desk.conversations.change(LATE, waiting_since=None)
    await expect(talks(page)).to_have_text(["Олена Ковальчук", "Ірина Бондар"])
    await page.get_by_label("What to show").select_option("answered")
    await expect(talks(page)).to_have_text(["Тарас Бондар"])


async def test_a_window_counts_down_and_when_it_is_closed_a_template_may_be_sent(
    desk: FakeDesk, page: Page
) -> None:
    desk.conversations.window_ends[CHAT] = iso(utc_now() + timedelta(hours=5))
    await page.goto(f"{desk.url}/conversations/{CHAT}")
    await expect(page.locator(".talk-write")).to_contain_text("May be answered freely for 4:59:")
    desk.conversations.window_ends[CHAT] = iso(utc_now() - timedelta(minutes=1))
    await page.reload()
    await page.get_by_role("button", name="Send a template").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    await dialog.get_by_label("For 1").fill("A-7")
    await expect(dialog).to_contain_text("Замовлення A-7 чекає на вас.")
    await dialog.get_by_role("button", name="Send", exact=True).click()
    await expect(dialog).to_have_count(0)
    ((where, sent),) = desk.conversations.sent
    assert (where, sent["name"], sent["values"]) == (CHAT, "order_ready", {"1": "A-7"})


async def test_an_answer_is_written_filled_and_sent_with_the_keyboard(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/conversations/{CHAT}")
    await page.get_by_label("Canned answer…").select_option("Оплата при отриманні")
    area = page.get_by_role("textbox", name="Answer")
    await expect(area).to_have_value(re.compile("^Олена Ковальчук, ваше замовлення {order.number}"))
    # A place that nobody has filled goes to no customer.
    await expect(page.locator(".composer")).to_contain_text("Still to be filled: {order.number}")
    await area.press("Control+Enter")
    assert desk.conversations.sent == []
    await area.fill("Замовлення A-7 можна оплатити при отриманні.")
    await area.press("Control+Enter")
    await expect(page.locator(".bubble").last).to_contain_text("Waits to be sent")
    await expect(area).to_have_value("")
    ((where, sent),) = desk.conversations.sent
    assert (where, sent["text"]) == (CHAT, "Замовлення A-7 можна оплатити при отриманні.")


async def test_a_note_calls_a_colleague_by_name(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/conversations/{CHAT}")
    await page.get_by_role("button", name="Internal note").click()
    area = page.get_by_role("textbox", name="Internal note")
    await area.press_sequentially("глянь, @мар")
    await page.get_by_role("button", name="Марія Ткач @maria").click()
    await expect(area).to_have_value("глянь, @maria ")
    await page.get_by_role("button", name="Add the note").click()
    await expect(page.locator(".bubble").last).to_contain_text("internal note")
    assert desk.conversations.sent[0][1]["text"] == "глянь, @maria"


async def test_it_goes_on_in_another_channel(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/conversations/{CHAT}")
    await page.get_by_label("Where to answer").select_option("E-mail: olena.k@sample.example")
    await page.get_by_label("Subject").fill("Оплата")
    await page.get_by_role("textbox", name="Answer").fill("Надсилаю рахунок поштою.")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page).to_have_url(re.compile(MAIL))
    ((_, sent),) = desk.conversations.sent
    assert (sent["about"], sent["subject"], sent["way"]["channel"]) == (CHAT, "Оплата", "email")


async def test_a_mail_is_forwarded_with_what_it_says(desk: FakeDesk, page: Page) -> None:
    desk.conversations.entries[MAIL] = [
        entry(
            7000,
            EntryKind.MESSAGE,
            people.before(utc_now(), minutes=1),
            author="Ірина",
            text="Коли доставка?",
        )
    ]
    await page.goto(f"{desk.url}/conversations/{MAIL}")
    await page.get_by_role("button", name="Forward").click()
    await page.get_by_label("Forward to").fill("sklad@sample.example")
    await page.locator(".composer").get_by_role("button", name="Forward").click()
    await expect(page.locator(".bubble").last).to_contain_text("Forwarded to sklad@sample.example")
    assert "Коли доставка?" in desk.conversations.sent[0][1]["text"]


async def test_it_is_given_sorted_put_off_and_ended(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/conversations/{CHAT}")
    await page.get_by_role("combobox", name="Whose it is").select_option("Марія Ткач")
    await page.get_by_label("New tag").fill("термінове")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator(".talk-tags")).to_contain_text("термінове")
    await page.get_by_role("button", name="Take away the tag оплата").click()
    await expect(page.locator(".talk-tags li")).to_have_count(1)
    await page.get_by_label("Put off…").select_option("until tomorrow, 9:00")
    await expect(page.locator(".talk-page-head")).to_contain_text("put off until")
    await page.get_by_role("button", name="Open again").click()
    await page.get_by_role("button", name="Resolve").click()
    await expect(page.locator(".talk-page-head")).to_contain_text("resolved")
    talk = desk.conversations.all[CHAT]
    assert (talk.assignee, talk.tags, talk.state) == ("Марія Ткач", ["термінове"], "resolved")
    # What called this agent was seen when the page was opened.
    assert talk.mentions == []


async def test_two_in_one_conversation_see_each_other(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/conversations/{CHAT}")
    others = page.locator(".composer-others")
    said = {"type": "presence", "conversation_id": CHAT}

    async def heard(doing: str) -> bool:
        return said | {"doing": doing} in desk.presence

    await eventually(lambda: heard("viewing"), what="this desk says that it is here")
    await desk.come("Марія Ткач", CHAT, "viewing")
    await expect(others).to_have_text("Марія Ткач looks at this as well.")
    await desk.come("Марія Ткач", CHAT, "typing")
    await expect(others).to_have_text("Марія Ткач is typing an answer.")
    await page.get_by_role("textbox", name="Answer").fill("я відповідаю")
    await eventually(lambda: heard("typing"), what="the others are told that this agent types")
    await desk.come("Марія Ткач", CHAT, "gone")
    await expect(others).to_have_count(0)
    await page.locator(".bar-brand").click()
    await eventually(lambda: heard("gone"), what="the others are told that this agent is gone")


async def test_a_customer_is_written_to_first(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await page.get_by_role("button", name="Write to them").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Telegram: 1234567 (svitlo_bot)").check()
    await dialog.get_by_label("Answer").fill("Ваше замовлення вже їде.")
    await dialog.get_by_role("button", name="Send").click()
    await expect(page).to_have_url(re.compile(CHAT))
    assert desk.conversations.sent[0][1]["way"]["channel"] == "telegram"


async def test_a_customer_is_begun_with_by_a_template_with_files_or_by_a_link(
    desk: FakeDesk, page: Page
) -> None:
    dialog = page.get_by_role("dialog")
    write = page.get_by_role("button", name="Write to them")
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await write.click()
    await expect(dialog).to_contain_text("they are not signed in there")
    await dialog.get_by_role("button", name="Offer a link").click()
    await expect(dialog.get_by_label("For the customer")).to_have_value(LINK.text)
    assert desk.conversations.offered == ["chat"]
    await page.keyboard.press("Escape")
    await write.click()
    await dialog.get_by_label("E-mail: olena.k@sample.example").check()
    paper = {"name": "рахунок.txt", "mimeType": "text/plain", "buffer": b"12"}
    await dialog.locator("input[type=file]").set_input_files([paper])  # type: ignore[list-item]
    await expect(dialog.locator(".composer-file")).to_contain_text("рахунок.txt")
    await dialog.get_by_role("button", name="Send").click()
    await expect(page).to_have_url(re.compile(MAIL))
    assert len(desk.conversations.sent[0][1]["attachments"]) == 1
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await write.click()
    await dialog.get_by_label("template only").check()
    await dialog.get_by_label("For 1").fill("1043")
    await dialog.get_by_role("button", name="Send").click()
    await expect(page).to_have_url(re.compile(CHAT))
    assert desk.conversations.sent[1][1]["template"]["values"] == {"1": "1043"}


async def test_a_talk_goes_on_elsewhere_with_files_or_by_a_template(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/conversations/{CHAT}")
    where = page.get_by_label("Where to answer")
    await where.select_option(label="E-mail: olena.k@sample.example")
    paper = {"name": "рахунок.txt", "mimeType": "text/plain", "buffer": b"12"}
    await page.locator("input[type=file]").set_input_files([paper])  # type: ignore[list-item]
    await expect(page.locator(".composer-file")).to_contain_text("рахунок.txt")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page).to_have_url(re.compile(MAIL))
    assert len(desk.conversations.sent[0][1]["attachments"]) == 1
    await page.goto(f"{desk.url}/conversations/{CHAT}")
    await where.select_option(label="WhatsApp: 380501234567")
    await expect(page.get_by_role("textbox", name="Answer")).to_have_count(0)
    await page.get_by_role("button", name="Send a template").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("For 1").fill("1043")
    await dialog.get_by_role("button", name="Send", exact=True).click()
    await expect(dialog).to_have_count(0)
    assert desk.conversations.sent[1][1]["about"] == CHAT


async def says_saved(page: Page) -> None:
    """Once for each time, and put away: on a busy machine it goes by itself before the next one is there."""
    toast = page.locator(".toast")
    await expect(toast).to_contain_text("Saved")
    await toast.locator("button").evaluate_all("buttons => buttons.forEach((button) => button.click())")
    await expect(toast).to_have_count(0)


async def test_an_admin_says_when_we_work_and_who_takes_how_much(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/hours")
    week = page.get_by_role("region", name="Working hours")
    await week.get_by_label("Time zone").select_option("Europe/Warsaw")
    await week.get_by_label("Monday: closes").nth(1).fill("00:00")
    saturday = week.locator(".hours-day").nth(5)
    await expect(saturday).to_contain_text("Closed")
    await saturday.get_by_role("button", name="Add hours").click()
    await week.get_by_role("button", name="Take away Різдво").click()
    await week.get_by_role("button", name="Add a day").click()
    await week.get_by_label("Day", exact=True).fill("2026-12-24")
    await week.get_by_label("Name").fill("Святвечір")
    await week.get_by_role("button", name="Add hours Святвечір").click()
    await week.get_by_label("Святвечір: closes").fill("13:00")
    await week.get_by_role("button", name="Add a day").click()
    await week.get_by_label("Day", exact=True).last.fill("2027-01-01")
    await week.get_by_label("Name").last.fill("Новий рік")
    await week.get_by_role("button", name="Save").click()
    await says_saved(page)
    calendar = desk.hours.calendar
    assert calendar.zone == "Europe/Warsaw"
    assert calendar.weekly[0][1] == Span("14:00", "24:00")
    assert calendar.weekly[5] == (Span("09:00", "18:00"),)
    short = Holiday("2026-12-24", "Святвечір", (Span("09:00", "13:00"),))
    assert calendar.holidays == (short, Holiday("2027-01-01", "Новий рік"))

    first = page.get_by_role("region", name="Who takes how much").locator(".hours-item").first
    await first.get_by_label("Conversations at a time").fill("5")
    await first.get_by_label("Skills").fill("ремонт, продажі")
    await first.get_by_role("button", name="Save").click()
    await says_saved(page)
    mail = page.get_by_role("region", name="Inboxes").locator(".hours-item").first
    await mail.get_by_label("Text in Ukrainian").fill("Відповімо зранку.")
    await mail.get_by_role("button", name="Save").click()
    await says_saved(page)
    duty, rule = desk.hours.duties["agent-1"], desk.hours.rules["inbox-1"]
    assert (duty.capacity, duty.skills) == (5, ["ремонт", "продажі"])
    assert rule.away_texts == {"uk": "Відповімо зранку."}


async def test_a_forged_mail_says_why_and_is_ended_as_spam_or_filed(desk: FakeDesk, page: Page) -> None:
    mail = desk.conversations.forge()
    await page.goto(f"{desk.url}/worklist")
    await page.get_by_label("What to show").select_option("suspicious")
    await expect(page.locator(".talk")).to_have_count(1)
    await page.locator(".talk").click()
    await expect(page.locator(".bubble")).to_contain_text("the mail servers say so (DMARC)")
    await page.get_by_role("button", name="It is really theirs").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("combobox").fill("Ірина")
    await dialog.locator(".search-option").click()
    await expect(page.get_by_role("heading", name="Ірина Бондар")).to_be_visible()
    await expect(page.get_by_role("button", name="It is spam")).to_have_count(0)
    desk.conversations.forge()
    await page.goto(f"{desk.url}/conversations/{mail}")
    await page.get_by_role("button", name="It is spam").click()
    await expect(page).to_have_url(f"{desk.url}/worklist")
    ended = desk.conversations.all[mail]
    assert (ended.state, ended.tags) == ("resolved", ["spam"])


async def test_a_file_goes_with_an_answer(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/conversations/{CHAT}")
    paper = {"name": "рахунок.txt", "mimeType": "text/plain", "buffer": b"12"}
    await page.locator("input[type=file]").set_input_files([paper])  # type: ignore[list-item]
    await page.get_by_role("button", name="Take away рахунок.txt").click()
    await expect(page.locator(".composer-file")).to_have_count(0)
    await page.locator("input[type=file]").set_input_files([paper])  # type: ignore[list-item]
    await expect(page.locator(".composer-file")).to_contain_text("рахунок.txt")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".composer-file")).to_have_count(0)
    assert desk.conversations.sent[0][1]["attachments"] == ["upload-1"]

"""Makes docs/screenshots: `python -m tests.e2e.desk.screenshots [FOLDER [LANGUAGE [SHOT…]]]`, after the web app was built."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, Page

from bridge.domain.agent import Role
from bridge.domain.times import iso, utc_now
from tests.e2e.desk import people
from tests.e2e.desk.browser import log_in, open_browser, open_context, watch
from tests.e2e.desk.calls import past_calls
from tests.e2e.desk.conversations import CHAT
from tests.e2e.desk.fake_desk import AGENT, PASSWORD, FakeDesk

FOLDER = Path(__file__).parents[3] / "docs/screenshots"
SIZES = {"desktop": (1280, 800), "phone": (390, 844), "narrow": (360, 780)}
NOTE = "Оплата карткою не проходить, погодили оплату при отриманні. Передзвонити завтра до 12:00."

Scene = Callable[[FakeDesk, Page], Awaitable[None]]


async def show_waiting(_: FakeDesk, page: Page) -> None:
    await page.wait_for_selector(".call-row")


async def show_pop(desk: FakeDesk, page: Page) -> None:
    await desk.ring("+380501234567", people.OLENA)
    await page.wait_for_selector("[data-testid=workspace] .line-start, [data-testid=workspace] .line-end")


async def show_shared(desk: FakeDesk, page: Page) -> None:
    await desk.ring("+380445450100", people.FIRM)
    await page.wait_for_selector(".candidate")


async def show_new(desk: FakeDesk, page: Page) -> None:
    await desk.ring("+380935550199", None)
    await desk.ring("", None)
    await page.wait_for_selector(".work-name")


async def show_wrap_up(desk: FakeDesk, page: Page) -> None:
    pop = await desk.ring("+380501234567", people.OLENA)
    await desk.answer(pop)
    await page.locator(".note-editor textarea").fill(NOTE)
    await desk.hang_up(pop.call_id)
    await page.locator("input[value=follow_up]").check(force=True)
    await page.wait_for_selector(".note-status[data-status=saved]")


async def show_customer(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await page.wait_for_selector(".entry")


async def show_merging(desk: FakeDesk, page: Page) -> None:
    await show_customer(desk, page)
    await page.locator(".customer-head .button-quiet").click()
    await page.locator("dialog .search-input").fill("Ірина")
    await page.locator("dialog .search-option").click()
    await page.wait_for_selector("dialog .facts")


async def show_suggestions(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/suggestions")
    await page.wait_for_selector(".suggestion")


async def show_search(_: FakeDesk, page: Page) -> None:
    await page.get_by_role("combobox").fill("доставка")
    await page.wait_for_selector(".search-option mark")


async def show_filters(desk: FakeDesk, page: Page) -> None:
    await show_customer(desk, page)
    await page.locator(".timeline-filter-first > .button").click()
    await page.locator(".entry-replaced summary").click()
    await page.locator(".timeline-filter-more").scroll_into_view_if_needed()


async def show_call(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/calls/{past_calls()[0].id}")
    await page.wait_for_selector(".stage")


async def show_worklist(desk: FakeDesk, page: Page) -> None:
    await page.locator(".bar-link").click()
    await page.wait_for_selector(".talk")
    await page.wait_for_selector(".work-item")
    await page.locator(".work-item").first.get_by_role("button").first.click()
    await page.wait_for_selector(".work-item-mine")
    await page.evaluate("scrollTo(0, 0)")


async def show_conversation(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/conversations/{CHAT}")
    await page.wait_for_selector(".bubble")
    while not desk.presence:
        await page.wait_for_timeout(50)
    await page.locator(".composer textarea").fill("Так, оформлюю післяплату. Доставка буде завтра.")
    await desk.come("Марія Ткач", CHAT, "typing")
    await page.wait_for_selector(".composer-others")


async def show_canned(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/canned_answers")
    await page.get_by_role("button", name="Change").first.click()
    await page.wait_for_selector("dialog .field-area")


async def show_hours(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/hours")
    await page.wait_for_selector(".hours-day")


async def show_suspicious(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/conversations/{desk.conversations.forge()}")
    await page.wait_for_selector(".notice-warn")


async def show_window(desk: FakeDesk, page: Page) -> None:
    desk.conversations.window_ends[CHAT] = iso(utc_now() + timedelta(hours=1, minutes=20))
    await page.goto(f"{desk.url}/conversations/{CHAT}")
    await page.wait_for_selector(".talk-write .notice")


async def show_consents(desk: FakeDesk, page: Page) -> None:
    await show_customer(desk, page)
    consents = page.get_by_role("region", name="May we write?")
    await consents.get_by_role("button").click()
    await page.wait_for_selector("dialog .choice")


async def show_order(desk: FakeDesk, page: Page) -> None:
    await show_customer(desk, page)
    orders = page.get_by_role("region", name="Orders")
    await orders.get_by_role("button", name="Add an order").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Item", exact=True).fill("Чайник Aurora 1,7 л")
    await dialog.get_by_label("Price for one").fill("1 299,5")
    await dialog.get_by_role("button", name="Add an item").click()
    await dialog.get_by_role("button", name="Send to the shop").click()
    await page.wait_for_selector(".field-error")


async def show_connections(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/connections")
    await page.wait_for_selector(".connection-add")


async def show_phones(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/phones")
    await page.locator(".phone").first.get_by_role("button").click()
    await page.wait_for_selector(".rung-ask")


async def show_dead_letters(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/dead_letters")
    await page.wait_for_selector(".letter")


async def show_health(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/health")
    await page.wait_for_selector(".health-line")


async def show_components(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/components")
    await page.wait_for_selector(".show")


async def show_login(desk: FakeDesk, page: Page) -> None:
    await page.locator(".bar-menu").click()
    await page.locator(".bar-menu-body .button").click()
    await page.wait_for_selector(".login-form")


SCENES: dict[str, Scene] = {
    "login": show_login,
    "waiting": show_waiting,
    "pop": show_pop,
    "pop-shared": show_shared,
    "pop-new": show_new,
    "wrap-up": show_wrap_up,
    "customer": show_customer,
    "merging": show_merging,
    "suggestions": show_suggestions,
    "search": show_search,
    "filters": show_filters,
    "call": show_call,
    "worklist": show_worklist,
    "conversation": show_conversation,
    "canned-answers": show_canned,
    "hours": show_hours,
    "phones": show_phones,
    "suspicious": show_suspicious,
    "window": show_window,
    "consents": show_consents,
    "order": show_order,
    "connections": show_connections,
    "dead-letters": show_dead_letters,
    "health": show_health,
    "components": show_components,
}
# What the documentation shows: every page once, the pop in both sizes and themes.
SHOTS = [
    "login phone light",
    "waiting desktop light",
    "pop desktop light",
    "pop desktop dark",
    "pop phone light",
    "pop phone dark",
    "pop-shared phone light",
    "pop-new phone light",
    "wrap-up desktop light",
    "wrap-up phone dark",
    "customer desktop light",
    "merging desktop light",
    "suggestions phone light",
    "search desktop light",
    "search phone dark",
    "filters desktop dark",
    "filters phone light",
    "call desktop dark",
    "worklist desktop light",
    "worklist desktop dark",
    "worklist phone light",
    "worklist phone dark",
    "conversation desktop light",
    "conversation desktop dark",
    "conversation phone light",
    "conversation phone dark",
    "canned-answers desktop light",
    "hours desktop light",
    "order phone light",
    "suspicious desktop light",
    "connections desktop light",
    "hours phone dark",
    "phones desktop light",
    "phones desktop dark",
    "phones phone light",
    "phones phone dark",
    "health desktop light",
    "health phone dark",
    "components desktop light",
]


async def take(browser: Browser, shot: str, folder: Path, language: str) -> None:
    name, size, theme = shot.split()
    role = Role.ADMIN if name in ("dead-letters", "connections") else Role.SUPERVISOR
    async with FakeDesk(role, language) as desk:
        context = await open_context(browser, *SIZES[size], theme)
        page = await context.new_page()
        complaints = watch(page)
        await log_in(page, desk.url, AGENT.login, PASSWORD)
        await SCENES[name](desk, page)
        await page.screenshot(path=folder / f"{name}-{size}-{theme}.png")
        assert not complaints, complaints
        await context.close()


async def main(folder: Path = FOLDER, language: str = "en", *shots: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    async with open_browser() as browser:
        for shot in shots or SHOTS:
            await take(browser, shot, folder, language)
            print(shot)


if __name__ == "__main__":
    folder, *rest = sys.argv[1:] or [str(FOLDER)]
    asyncio.run(main(Path(folder), *rest))

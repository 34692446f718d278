"""Makes docs/screenshots: `python -m tests.e2e.desk.screenshots [FOLDER]`, after the web app was built."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Page

from bridge.domain.agent import Role
from tests.e2e.desk import people
from tests.e2e.desk.browser import log_in, open_browser, open_context, watch
from tests.e2e.desk.fake_desk import AGENT, PASSWORD, FakeDesk

FOLDER = Path(__file__).parents[3] / "docs/screenshots"
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
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
    await page.get_by_label("Note", exact=True).fill(NOTE)
    await desk.hang_up(pop.call_id)
    await page.get_by_role("radio", name="Follow up").check(force=True)
    await page.wait_for_selector(".note-status[data-status=saved]")


async def show_customer(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    await page.wait_for_selector(".entry")


async def show_call(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/calls/{people.past_calls()[0].id}")
    await page.wait_for_selector(".stage")


async def show_components(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/components")
    await page.wait_for_selector(".show")


async def show_login(desk: FakeDesk, page: Page) -> None:
    await page.get_by_label("Menu").click()
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_selector(".login-form")


SCENES: dict[str, Scene] = {
    "login": show_login,
    "waiting": show_waiting,
    "pop": show_pop,
    "pop-shared": show_shared,
    "pop-new": show_new,
    "wrap-up": show_wrap_up,
    "customer": show_customer,
    "call": show_call,
    "components": show_components,
}


async def take(name: str, scene: Scene, folder: Path) -> None:
    async with open_browser() as browser:
        for theme in ("light", "dark"):
            for size, (width, height) in SIZES.items():
                async with FakeDesk(Role.SUPERVISOR) as desk:
                    context = await open_context(browser, width, height, theme)
                    page = await context.new_page()
                    complaints = watch(page)
                    await log_in(page, desk.url, AGENT.login, PASSWORD)
                    await scene(desk, page)
                    await page.screenshot(
                        path=folder / f"{name}-{size}-{theme}.png", full_page=name == "components"
                    )
                    assert not complaints, complaints
                    await context.close()


async def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    wanted = sys.argv[2:] or list(SCENES)
    folder.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        await take(name, SCENES[name], folder)
        print(name)


if __name__ == "__main__":
    asyncio.run(main())

"""Makes the pictures of the chat in docs/screenshots: `python -m tests.e2e.desk.chat_screenshots [FOLDER [SHOT…]]`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser, Page

from bridge.store.schema import agent
from tests.e2e.desk.browser import open_browser, open_context, watch
from tests.e2e.desk.chat_site import Site, chat_site
from tests.e2e.desk.screenshots import FOLDER, SIZES
from tests.e2e.harness import eventually

Scene = Callable[[Site, Page], Awaitable[None]]


async def write(page: Page, text: str) -> None:
    await page.locator("textarea").fill(text)
    await page.locator("textarea").press("Enter")


async def show_talk(site: Site, page: Page) -> None:
    await site.running.server.db.write(
        lambda connection: connection.execute(agent.update().values(name="Olena Kovalenko"))
    )
    await site.running.desk.follow()
    await page.locator(".launcher").click()
    await page.wait_for_selector("[data-there=true]")
    await write(page, "Hello! Is the blue one in stock? I would need two by Friday.")
    await eventually(site.running.read)
    await site.answer("Good day! Yes, five of them.")
    await page.wait_for_selector(".said-author")
    await site.answer("Ordered today, they are in Lviv on Thursday. Shall I put two aside for you?")
    await page.locator(".said-text").nth(2).wait_for()
    await write(page, "Yes, please! I pay when I get them.")
    await page.locator("[data-by=visitor] time").nth(1).wait_for()
    (first, *_) = await site.running.read()
    await site.running.desk.ask("POST", f"conversations/{first.conversation_id}/typing", {})
    await page.wait_for_selector(".typing")


async def show_away(_: Site, page: Page) -> None:
    await page.locator(".launcher").click()
    await page.wait_for_selector("input[type=email]")
    await page.locator("textarea").fill("Do you deliver to Chernivtsi?")


async def show_sign_in(_: Site, page: Page) -> None:
    await page.locator(".launcher").click()
    await page.get_by_role("button", name="Your account").click()
    await page.locator("input").fill("olena@example.org")
    await page.locator(".primary").click()
    await page.get_by_label("Code").fill("4820")


SCENES: dict[str, Scene] = {"talk": show_talk, "away": show_away, "sign-in": show_sign_in}
SHOTS = [
    *(f"talk {size} {theme}" for size in SIZES for theme in ("light", "dark")),
    "away desktop light",
    "away phone dark",
    "sign-in phone light",
    "sign-in desktop dark",
]


async def take(browser: Browser, shot: str, folder: Path) -> None:
    name, size, theme = shot.split()
    with tempfile.TemporaryDirectory() as home:
        async with chat_site(Path(home)) as site:
            context = await open_context(browser, *SIZES[size], theme)
            page = await context.new_page()
            complaints = watch(page)
            await page.goto(site.url)
            await SCENES[name](site, page)
            await page.mouse.move(0, 0)
            # What fades in has to be there.
            await page.evaluate(
                "Promise.all(document.querySelector('omniline-chat').shadowRoot.getAnimations()"
                ".filter((a) => a.effect.getTiming().iterations === 1).map((a) => a.finished))"
            )
            await page.screenshot(path=folder / f"chat-{name}-{size}-{theme}.png")
            assert not complaints, complaints
            await context.close()


async def main(folder: Path = FOLDER, *shots: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    async with open_browser() as browser:
        for shot in shots or SHOTS:
            await take(browser, shot, folder)
            print(shot)


if __name__ == "__main__":
    folder, *shots = sys.argv[1:] or [str(FOLDER)]
    asyncio.run(main(Path(folder), *shots))

"""The browser that the desk is looked at with: Debian's Chromium, driven by playwright."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


# Four tests at once share two processors: what is looked for may come late, and is waited for.
expect.set_options(timeout=20_000)


@asynccontextmanager
async def open_browser(*more: str) -> AsyncIterator[Browser]:
    """`more` are arguments of Chromium's."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *more])
        try:
            yield browser
        finally:
            await browser.close()


async def open_context(
    browser: Browser, width: int = 1280, height: int = 800, theme: str = "light"
) -> BrowserContext:
    """A fresh profile. Every error that a page reports ends the test that caused it: see `watch`."""
    return await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        locale="en-GB",
        timezone_id="Europe/Kyiv",
    )


def watch(page: Page) -> list[str]:
    """Collects what the page complains of: script errors, and anything that its content security policy refused."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and "Content Security Policy" in message.text
            else None
        ),
    )
    return complaints


async def log_in(page: Page, url: str, login: str, password: str) -> None:
    await page.goto(f"{url}/login")
    await page.get_by_label("Login").fill(login)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_selector(".bar")

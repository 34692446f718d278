"""The sample company's demo page against a whole Omniline: a visitor writes, the agent's desk hears it and answers."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.desk.browser import open_browser, open_context, watch
from tests.e2e.harness import Desk, Omniline, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_visitor_of_the_demo_page_is_answered(omniline: Omniline, agent_101: Desk) -> None:
    async with open_browser() as browser:
        page = await (await open_context(browser)).new_page()
        complaints = watch(page)
        await page.goto(f"{omniline.url}/chat/site/demo")
        await page.locator(".launcher").click()
        panel = page.get_by_role("dialog")
        await expect(panel.get_by_text("We are here now")).to_be_visible()
        await panel.get_by_label("Your message").fill("Is it blue?")
        await panel.get_by_label("Your message").press("Enter")

        async def heard() -> dict[str, Any] | None:
            told = [each["data"] for each in agent_101.of_type("entry")]
            return next((entry for entry in told if entry["channel"] == "chat"), None)

        entry = await eventually(heard, what="the desk hears of the message")
        assert entry is not None
        address = f"conversations/{entry['conversation_id']}"
        assert (await agent_101.send("POST", f"{address}/typing", {}))[0] == 204
        await expect(panel.get_by_text("is writing…")).to_be_visible()
        await agent_101.send("POST", f"{address}/messages", {"text": "It is.", "key": "1"})
        await expect(panel.locator(".said-text")).to_have_text(["Is it blue?", "It is."])
        assert complaints == []
    assert f"{omniline.url}/chat/site/demo" in omniline.log.read_text()

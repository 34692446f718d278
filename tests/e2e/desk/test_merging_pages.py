"""Customers who are one, or may be, in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.e2e.desk import people
from tests.e2e.desk.fake_desk import AGENT, FakeDesk

# One browser for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


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

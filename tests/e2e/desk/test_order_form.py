"""Ordering for a customer in a real Chromium, against the fake other side."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.e2e.desk import people
from tests.e2e.desk.fake_desk import FakeDesk

# One browser for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_order_is_asked_of_the_shop_and_what_is_wrong_stands_at_its_field(
    desk: FakeDesk, page: Page
) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    orders = page.get_by_role("region", name="Orders")
    await orders.get_by_role("button", name="Add an order").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Send to the shop").click()
    await expect(dialog.get_by_label("Item", exact=True)).to_have_accessible_description("What is it?")
    await dialog.get_by_label("Item", exact=True).fill("Чайник")
    await dialog.get_by_label("Quantity").fill("2")
    await dialog.get_by_label("Price for one").fill("1 299,5")
    await expect(dialog).to_contain_text("₴2,599.00")
    await dialog.get_by_role("button", name="Send to the shop").click()
    await expect(orders).to_contain_text("The shop took it")
    (asked,) = desk.orders.asked
    assert asked["items"] == [{"sku": "", "name": "Чайник", "quantity": 2, "price": 129950}]
    assert (asked["shop"], asked["currency"], asked["total"], asked["order"]) == (
        "main",
        "UAH",
        259900,
        None,
    )


async def test_an_order_is_changed_and_a_refusal_says_why(desk: FakeDesk, page: Page) -> None:
    await page.goto(f"{desk.url}/customers/{people.OLENA.id}")
    orders = page.get_by_role("region", name="Orders")
    await orders.get_by_role("button", name="Change #20481").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Status").select_option("cancelled")
    await dialog.get_by_label("Note for the shop").fill("По телефону")
    await dialog.get_by_role("button", name="Send to the shop").click()
    await expect(orders).to_contain_text("this customer may not order")
    (asked,) = desk.orders.asked
    assert (asked["order"], asked["status"], asked["total"]) == ("#20481", "cancelled", 129900)

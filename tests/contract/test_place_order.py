"""Orders that agents add or change: signed, asked of the shop until it has answered, once; on the timeline and the card."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.channels.simulators.faults import Fault
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.desk_server import eventually

PHONE = "+380501112233"
KETTLE = {"sku": "K-1", "name": "Чайник", "quantity": 2, "price": 129900}


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


class Till:
    """An agent who orders for one customer."""

    def __init__(self, running: ChannelServer, customer_id: str) -> None:
        self.running = running
        self.path = f"customers/{customer_id}"

    async def ask(self, key: str = "k", **more: Any) -> tuple[int, Any]:
        body = {"shop": "main", "items": [KETTLE], "currency": "UAH", "key": key} | more
        return await self.running.desk.ask("POST", f"{self.path}/orders", body)

    async def wait_for(self, *states: str) -> list[dict[str, Any]]:
        async def found() -> list[dict[str, Any]] | None:
            self.running.server.clock.ahead += timedelta(seconds=1)
            listed = (await self.running.desk.get(f"{self.path}/order_requests"))["items"]
            return listed if tuple(each["state"] for each in listed) == states else None

        requests: list[dict[str, Any]] = await eventually(found)
        return requests

    async def orders(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = (await self.running.desk.get(self.path))["orders"]
        return listed


@pytest.fixture
async def till(running: ChannelServer) -> Till:
    return Till(running, await running.server.add_customer("Olena", PHONE))


async def test_a_new_order_is_the_shops_answer_on_timeline_and_card(till: Till) -> None:
    status, asked = await till.ask(comment="by phone")
    assert (status, asked["state"], asked["order"], asked["total"]) == (201, "waiting", None, 259800)
    (placed,) = await till.wait_for("placed")
    (order,) = await till.orders()
    assert (order["order"], order["status"], order["total"]) == (placed["order"], "unpaid", 259800)
    assert order["url"] == f"https://shop.example/orders/{placed['order']}"
    (entry,) = await till.running.read()
    assert (entry.kind, entry.payload["order"], entry.payload["items"]) == (
        "order",
        placed["order"],
        [KETTLE],
    )
    (kept,) = till.running.shop.orders.values()
    assert kept["customer"] == {"phone": PHONE}


async def test_a_status_that_is_asked_for_is_the_shops_to_give(till: Till) -> None:
    await till.ask("one")
    (placed,) = await till.wait_for("placed")
    status, asked = await till.ask("two", order=placed["order"], status="cancelled")
    assert (status, asked["status"], placed["status"]) == (201, "cancelled", None)
    await till.wait_for("placed", "placed")
    (order,) = await till.orders()
    assert (order["status"], order["shop"]) == ("cancelled", "main")
    assert (await till.ask("three", status="gone"))[0] == 422


async def test_where_agents_may_order(till: Till) -> None:
    desk = till.running.desk
    assert await desk.get("shops") == {"items": ["main", "sample"], "currency": None, "next": None}
    await till.ask()
    await till.wait_for("placed")
    assert (await desk.get("shops"))["currency"] == "UAH"


async def test_the_same_key_is_the_same_request(till: Till) -> None:
    (_, first), (_, second) = await till.ask(), await till.ask()
    assert first["id"] == second["id"]
    await till.wait_for("placed")
    assert till.running.shop.asked == 1


async def test_an_order_is_changed_and_the_timeline_says_by_whom(till: Till) -> None:
    await till.ask("one")
    (placed,) = await till.wait_for("placed")
    cheaper = KETTLE | {"quantity": 1}
    assert (await till.ask("two", order=placed["order"], items=[cheaper]))[0] == 201
    await till.wait_for("placed", "placed")
    (order,) = await till.orders()
    assert (order["order"], order["total"]) == (placed["order"], 129900)
    first, second = await till.running.read()
    assert (first.payload["total"], second.payload["total"]) == (259800, 129900)
    assert second.author == "Agent 101"


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.BROKEN, Fault.CUT_OFF])
async def test_the_shop_is_asked_until_it_has_answered_and_orders_once(till: Till, fault: Fault) -> None:
    till.running.shop.faults.append(fault)
    await till.ask()
    await till.wait_for("placed")
    assert till.running.shop.asked == 2
    assert len(till.running.shop.orders) == 1
    assert len(await till.orders()) == 1


async def test_what_the_shop_refuses_says_why(till: Till) -> None:
    till.running.shop.faults += [Fault.BLOCKED]
    await till.ask()
    (refused,) = await till.wait_for("refused")
    assert refused["reason"] == "the shop answers 422: this customer may not order"
    assert await till.orders() == []


async def test_an_answer_that_is_no_order_is_a_refusal(till: Till) -> None:
    till.running.shop.faults.append(Fault.GARBLED)
    await till.ask()
    await till.wait_for("refused")


async def test_what_is_not_there_or_somebody_elses_cannot_be_ordered(till: Till) -> None:
    assert (await till.ask(shop="other"))[0] == 404
    assert (await till.ask(order="1043"))[0] == 404
    assert (await till.ask(items=[]))[0] == 422
    assert (await till.ask(currency="hryvnia"))[0] == 422
    for wrong in ({"quantity": 0}, {"price": -1}, {"name": ""}, {"quantity": 10**6, "price": 10**15}):
        assert (await till.ask(items=[KETTLE | wrong]))[0] == 422, wrong
    till.path = "customers/01a21bc2-4e21-7d90-a3f0-fb527c0c015e"
    assert (await till.ask())[0] == 404


async def test_the_shop_tells_that_it_was_paid(till: Till) -> None:
    await till.ask()
    (placed,) = await till.wait_for("placed")
    till.running.server.clock.ahead = timedelta()
    assert await till.running.shop.post(till.running.shop.change(placed["order"], "paid")) == 200
    await till.running.read()
    (order,) = await till.orders()
    assert order["status"] == "paid"

"""Orders and carts that the shop tells of: on the timeline in their statuses, whatever the order they come in; carts left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bridge.domain.entry import EntryKind
from bridge.domain.order import Order
from bridge.domain.times import iso, parse_iso, utc_now
from bridge.flows.abandon_carts import abandon_carts
from bridge.flows.import_orders import parse_order, save_order
from bridge.flows.import_rows import RawRow
from bridge.store import orders, people
from bridge.store.leaves import list_leaves
from tests.contract.channel_cases import SHOP, order
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.desk_server import eventually

HOUR = timedelta(hours=1)


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


class Shop:
    """Sends statuses, each a minute after the one before."""

    def __init__(self, running: ChannelServer) -> None:
        self.running = running
        self.at = utc_now() - timedelta(hours=10)

    def make(self, status: str, **more: object) -> bytes:
        self.at += timedelta(minutes=1)
        return order(status=status, **({"at": iso(self.at)} | more))

    async def say(self, *bodies: bytes) -> list[str]:
        """The statuses on the timeline after that, in the order of their entries."""
        for body in bodies:
            assert await self.running.send(SHOP, body) == 200
        entries = await self.running.read()
        assert {entry.kind for entry in entries} <= {EntryKind.ORDER}
        return [entry.payload["status"] for entry in entries]

    async def now(self) -> Order:
        """What the only order says."""

        def read(connection: Connection) -> Order:
            owner = people.find_owner(connection, "phone", "+380501112233")
            assert owner is not None
            (found,) = orders.list_orders(connection, list_leaves(connection, owner.leaf_id))
            return found

        return await self.running.server.db.read(read)

    async def abandon(self, after: timedelta = HOUR) -> int:
        return await self.running.server.db.write(abandon_carts, utc_now(), after)


@pytest.fixture
def shop(running: ChannelServer) -> Shop:
    return Shop(running)


async def test_from_the_cart_to_the_door(shop: Shop) -> None:
    statuses = ["cart", "unpaid", "paid", "shipped", "delivered"]
    assert await shop.say(*(shop.make(status) for status in statuses)) == statuses
    now = await shop.now()
    assert (now.status, now.order, now.total, now.items[0].name) == ("delivered", "1043", 129900, "Чайник")


async def test_in_another_order_the_newest_status_stands(shop: Shop) -> None:
    bodies = [shop.make(status) for status in ("cart", "unpaid", "paid")]
    assert await shop.say(bodies[2], bodies[0], bodies[1], *bodies) == ["paid", "cart", "unpaid"]
    assert (await shop.now()).status == "paid"


async def test_a_cart_that_changes_is_one_entry_and_says_the_newest(shop: Shop) -> None:
    assert await shop.say(shop.make("cart"), shop.make("cart", total=5), shop.make("cart", total=7)) == [
        "cart"
    ]
    assert (await shop.now()).total == 7


async def test_a_cart_that_nobody_touches_is_abandoned_once_and_may_be_taken_up_again(shop: Shop) -> None:
    await shop.say(shop.make("cart"))
    left_at = shop.at
    assert await shop.abandon(timedelta(hours=11)) == 0
    assert [await shop.abandon(), await shop.abandon()] == [1, 0]
    now = await shop.now()
    assert (now.status, parse_iso(now.at)) == ("abandoned", left_at + HOUR)
    shop.at = left_at + 2 * HOUR
    assert await shop.say(shop.make("cart", total=5)) == ["cart", "abandoned"]
    assert (await shop.now()).status == "cart"
    assert await shop.abandon() == 1
    assert ((await shop.now()).status, (await shop.now()).total) == ("abandoned", 5)
    assert await shop.say(shop.make("unpaid", at=iso(shop.at + 2 * HOUR))) == ["cart", "abandoned", "unpaid"]
    assert await shop.abandon() == 0


async def test_an_imported_cart_is_the_past_and_stays_one(shop: Shop) -> None:
    row = parse_order(RawRow(1, shop.make("cart")), region="UA")
    await shop.running.server.db.write(save_order, row, now=utc_now())
    assert await shop.abandon() == 0


async def test_phone_and_mail_of_two_are_a_suggestion_and_of_nobody_one_customer(shop: Shop) -> None:
    await shop.say(shop.make("unpaid"))
    both = [
        await shop.running.server.db.read(people.find_owner, kind, address)
        for kind, address in (("phone", "+380501112233"), ("email", "olena@example.org"))
    ]
    assert len({owner and owner.leaf_id for owner in both}) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"status": "eaten"}, {"total": "1"}, {"customer": {}}, {"at": "yesterday"}, {"url": "javascript:1"}],
)
async def test_what_is_no_order_is_a_dead_letter_with_its_reason(
    shop: Shop, wrong: dict[str, object]
) -> None:
    assert await shop.running.send(SHOP, order(**wrong)) == 200

    def given_up() -> bool:
        shop.running.server.clock.ahead += timedelta(seconds=1)
        return shop.running.receiver.dead == 1

    await eventually(given_up)
    assert await shop.say(shop.make("paid")) == ["paid"]

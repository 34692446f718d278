"""Orders that agents add or change: asked of the shop, and there once it has answered."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from sqlalchemy import Connection

from bridge.desk.answers import OrderRequestList, ShopList
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.order import NewOrder, OrderRequest
from bridge.errors import NotFound
from bridge.flows.import_orders import CHANNEL
from bridge.flows.place_order import ask_order
from bridge.store import inboxes, order_requests, orders
from bridge.store.leaves import list_leaves


class OrderBody(NewOrder, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`key` makes a repeated request harmless."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


async def add_order(ask: Ask, body: OrderBody) -> OrderRequest:
    """Add an order for a customer, or change the one of the number `order`. It waits then until the shop has answered.

    404 for a shop that there is not, and for an order that is not the customer's.
    """
    services = ask.services
    asked = await services.db.write(
        ask_order, ask.path("id"), ask.agent, body, key=body.key, at=services.clock()
    )
    services.wake_feed()
    return asked


async def list_requests(ask: Ask) -> OrderRequestList:
    """What was asked of shops for a customer, the newest first: waiting, placed, or refused and why."""

    def read(connection: Connection) -> list[OrderRequest]:
        leaves = list_leaves(connection, ask.path("id"))
        if not leaves:
            raise NotFound("no such customer")
        return order_requests.list_requests(connection, leaves)

    return OrderRequestList(await ask.services.db.read(read))


async def list_shops(ask: Ask) -> ShopList:
    """Where agents may order: none while `shop.callback` is not set."""
    takes_orders = ask.services.settings.shop.callback != ""

    def read(connection: Connection) -> ShopList:
        found = inboxes.list_inboxes(connection, CHANNEL) if takes_orders else []
        return ShopList([each.key for each in found], orders.find_last_currency(connection))

    return await ask.services.db.read(read)


ROUTES: Final = (
    Route("GET", f"{API}/shops", list_shops, Role.AGENT),
    Route("POST", f"{API}/customers/{ID}/orders", add_order, Role.AGENT, status=201),
    Route("GET", f"{API}/customers/{ID}/order_requests", list_requests, Role.AGENT),
)

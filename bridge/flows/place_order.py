"""An agent adds an order, or changes one: it is asked of the shop, whose answer is the order.

Work of the topic `order`. Each request has a key by which the shop knows it again, so that it is asked until it has
answered, also where its answer was lost; what it refuses says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.ids import new_id
from bridge.domain.live import EVERYONE
from bridge.domain.matter import Thing
from bridge.domain.order import MOST, BuyerAddresses, NewOrder, OrderRequest, OrderUpdate, RequestState
from bridge.domain.ports import TakesOrders
from bridge.domain.times import iso
from bridge.domain.topic import Topic
from bridge.errors import AnswerLost, InvalidInput, NotFound, RateLimited, Rejected, Transient
from bridge.flows.append_entry import append_and_tell
from bridge.flows.attach_matter import attach
from bridge.flows.import_orders import CHANNEL, entry_of, save_order
from bridge.flows.import_rows import Saved
from bridge.flows.send_reply import SOURCE
from bridge.secrets import InboxSecrets, inbox_name
from bridge.store import feed, inboxes, order_requests, orders, outbox, profiles
from bridge.store.engine import Database
from bridge.store.leaves import list_leaves
from bridge.store.order_requests import Asked
from bridge.store.outbox import Work

LONGEST_REASON = 500

log = structlog.get_logger()


def ask_order(
    connection: Connection, customer_id: str, agent: Agent, new: NewOrder, *, key: str, at: datetime
) -> OrderRequest:
    """The request as it is now: once for each `key` of an agent. Raises NotFound for a customer, shop or order there is not."""
    key = f"{agent.id}/{key}"
    known = order_requests.find_by_key(connection, key)
    if known is not None:
        return known
    leaves = list_leaves(connection, customer_id)
    if not leaves:
        raise NotFound("no such customer")
    if inboxes.find_inbox(connection, CHANNEL, new.shop) is None:
        raise NotFound("no such shop")
    if new.order is not None and orders.find_customer_of(connection, new.shop, new.order) not in leaves:
        raise NotFound("this customer has no such order in this shop")
    request = OrderRequest(
        id=new_id(),
        shop=new.shop,
        order=new.order,
        state=RequestState.WAITING,
        items=new.items,
        total=_total_of(new),
        currency=new.currency,
        status=new.status,
        comment=new.comment,
        by=agent.name,
        at=iso(at),
    )
    order_requests.add(connection, Asked(customer_id, key, request), at)
    outbox.put(connection, Topic.ORDER, request.id, at)
    return request


def _total_of(new: NewOrder) -> int:
    total = new.total if new.total is not None else sum(each.quantity * each.price for each in new.items)
    if total > MOST:
        raise InvalidInput("more than an order can come to", where="items")
    return total


class PlaceOrder:
    """`shop` asks, with the secrets of the inboxes by `inbox_name`. `committed` is called after each commit."""

    def __init__(
        self,
        db: Database,
        shop: TakesOrders,
        secrets: Mapping[str, InboxSecrets],
        committed: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._shop = shop
        self._secrets = secrets
        self._committed = committed
        self._clock = clock

    async def __call__(self, work: Work) -> None:
        """Raises Transient while the shop is away, or where its answer was lost."""
        found = await self._db.read(_read, work.key)
        if found is None:
            await self._db.write(outbox.finish, work.id)
            return
        request, buyer = found
        try:
            update = await self._ask(request, buyer)
        except RateLimited as error:
            until = self._clock() + timedelta(seconds=error.retry_after)
            await self._db.write(outbox.give_back, work.id, until)
            return
        except AnswerLost as error:
            # The shop knows the key: asking again orders nothing twice.
            raise Transient(str(error)) from error
        except (Rejected, InvalidInput) as error:
            await self._db.write(_refuse, work, str(error), self._clock())
        else:
            await self._db.write(_place, work, update, self._clock())
        self._committed()

    async def _ask(self, request: OrderRequest, buyer: BuyerAddresses) -> OrderUpdate:
        secret = self._secrets.get(inbox_name(CHANNEL, request.shop))
        if secret is None:
            raise Rejected("this shop has no secret: nothing can be signed")
        return await self._shop.place(secret.hook_secret, request, buyer)


def _read(connection: Connection, request_id: str) -> tuple[OrderRequest, BuyerAddresses] | None:
    asked = order_requests.find_request(connection, request_id)
    if asked is None or asked.request.state is not RequestState.WAITING:
        return None
    known = profiles.get_customer(connection, asked.customer_id).identities
    first = {each.kind: each.address for each in reversed(known)}
    return asked.request, BuyerAddresses(phone=first.get("phone"), email=first.get("email"))


def _place(connection: Connection, work: Work, update: OrderUpdate, at: datetime) -> None:
    asked = order_requests.find_request(connection, work.key)
    if asked is None or not outbox.finish(connection, work.id):
        return
    status = update.status
    saved = save_order(connection, update, now=at, append=append_and_tell, customer_id=asked.customer_id)
    if saved is Saved.CHANGED:
        # It says the same status as before, of other things.
        entry = entry_of(status, asked.customer_id, author=asked.request.by)
        append_and_tell(connection, replace(entry, source=SOURCE, source_key=f"order/{work.key}"))
    order_requests.set_state(connection, work.key, RequestState.PLACED, order=status.number)
    order_id = orders.get_id(connection, status.shop, status.number)
    attach(connection, Thing.ORDER, order_id, asked.customer_id, opens_new=False, at=at)
    _tell(connection, asked.customer_id, work.key, at)


def _refuse(connection: Connection, work: Work, reason: str, at: datetime) -> None:
    asked = order_requests.find_request(connection, work.key)
    if asked is None or not outbox.finish(connection, work.id):
        return
    order_requests.set_state(connection, work.key, RequestState.REFUSED, reason=reason[:LONGEST_REASON])
    log.info("order_refused", request_id=work.key)
    _tell(connection, asked.customer_id, work.key, at)


def _tell(connection: Connection, customer_id: str, request_id: str, at: datetime) -> None:
    ids = list_leaves(connection, customer_id)
    said = {"code": "order_request", "customer_ids": ids, "request_id": request_id}
    feed.append(connection, "notice", EVERYONE, said, at)

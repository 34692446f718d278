"""The canned answers as they read in one conversation."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.canned import CannedAnswer, fill
from bridge.domain.order import Order
from bridge.store import canned_answers, conversation_views, orders
from bridge.store.leaves import list_leaves

MINOR = 100


def list_filled(
    connection: Connection, conversation_id: str, agent: Agent, company: str
) -> list[CannedAnswer]:
    """Raises NotFound."""
    values = _values(connection, conversation_id, agent, company)
    return [
        msgspec.structs.replace(each, filled=fill(each.text, values))
        for each in canned_answers.list_answers(connection)
    ]


def _values(connection: Connection, conversation_id: str, agent: Agent, company: str) -> Mapping[str, str]:
    conversation = conversation_views.get_summary(connection, conversation_id)
    values = {
        "agent.name": agent.name,
        "company.name": company,
        "customer.name": conversation.customer_name or "",
        "conversation.subject": conversation.subject,
    }
    if conversation.customer_id is not None:
        leaves = list_leaves(connection, conversation.customer_id)
        newest = orders.list_orders(connection, leaves, limit=1)
        if newest:
            values |= _values_of(newest[0])
    return values


def _values_of(order: Order) -> dict[str, str]:
    return {
        "order.number": order.order,
        "order.total": f"{order.total / MINOR:.2f} {order.currency}",
        "order.url": order.url or "",
    }

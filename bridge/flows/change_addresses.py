"""An agent knows whose an address is: it is given to a customer, shared where somebody has it, retired, taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.customer import Customer, Identity
from bridge.domain.live import EVERYONE
from bridge.errors import NotFound
from bridge.store import feed, groups, people, profiles


def give_address(
    connection: Connection,
    customer_id: str,
    address: Identity,
    *,
    extension: str | None,
    agent: Agent,
    reason: str,
    at: datetime,
) -> Customer:
    """The owner from now on: the customer, or the household or organisation that shares it (invariant 5).

    Raises NotFound; Conflict when a group asks for what another group has.
    """
    profiles.get_customer(connection, customer_id)
    groups.give_address(
        connection, customer_id, address, evidence=_evidence(agent, reason), at=at, extension=extension
    )
    return _owner(connection, address, at)


def retire_address(
    connection: Connection, customer_id: str, address: Identity, *, agent: Agent, reason: str, at: datetime
) -> None:
    """The number changed hands: what came from it stays, what comes is a stranger's. Raises NotFound."""
    customer = profiles.get_customer(connection, customer_id)
    owner = people.find_owner(connection, address.kind, address.address, address.scope)
    if owner is None or owner.canonical_id != customer.id:
        raise NotFound("this customer has no such address")
    people.retire_identity(connection, owner.identity_id, at, evidence=_evidence(agent, reason))
    _tell(connection, customer, at)


def take_back_address(
    connection: Connection, customer_id: str, address: Identity, *, agent: Agent, reason: str, at: datetime
) -> Customer:
    """It is not shared after all: the person who had it first, and has it again.

    `customer_id` is the group's. Raises NotFound; Conflict for an address that was never taken from a person.
    """
    group = profiles.get_customer(connection, customer_id)
    owner = people.find_owner(connection, address.kind, address.address, address.scope)
    if owner is None or owner.canonical_id != group.id:
        raise NotFound("this customer has no such address")
    groups.take_back(connection, address, evidence=_evidence(agent, reason), at=at)
    _tell(connection, group, at)
    return _owner(connection, address, at)


def _owner(connection: Connection, address: Identity, at: datetime) -> Customer:
    found = profiles.find_profile_by_address(connection, address.kind, address.address, address.scope)
    assert found is not None
    _tell(connection, found.customer, at)
    return found.customer


def _tell(connection: Connection, customer: Customer, at: datetime) -> None:
    feed.append(
        connection, "notice", EVERYONE, {"code": "addresses", "customer_ids": sorted(customer.leaves)}, at
    )


def _evidence(agent: Agent, reason: str) -> dict[str, Any]:
    return {"source": "agent", "by": agent.id, "reason": reason}

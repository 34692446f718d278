"""Addresses of a customer, changed by an agent who knows better. They stand in bodies: no number in an address line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final

import msgspec

from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.address import canonical
from bridge.domain.agent import Role
from bridge.domain.customer import Customer
from bridge.flows import change_addresses as flow


class AddressBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`kind`: phone, email, telegram, …; `address` in any way of writing."""

    kind: str
    address: str
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class GivenAddressBody(AddressBody, frozen=True, forbid_unknown_fields=True):
    """`extension`: the person's sub-number, where the number is their organisation's switchboard."""

    extension: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,7}$")] | None = None


async def give(ask: Ask, body: GivenAddressBody) -> Customer:
    """Give an address to a customer. One that another person has is shared from now on: the answer is its owner."""
    given: Customer = await _change(ask, partial(flow.give_address, extension=body.extension), body)
    return given


async def retire(ask: Ask, body: AddressBody) -> None:
    """The number changed hands. What came from it stays; its next call is a stranger's."""
    await _change(ask, flow.retire_address, body)


async def take_back(ask: Ask, body: AddressBody) -> Customer:
    """A group's address is one person's after all: theirs who had it first."""
    first: Customer = await _change(ask, flow.take_back_address, body)
    return first


async def _change(ask: Ask, change: Callable[..., Any], body: AddressBody) -> Any:
    services = ask.services
    address = canonical(body.kind, body.address, services.settings.company.region)
    answer = await services.db.write(
        change, ask.path("id"), address, agent=ask.agent, reason=body.reason, at=services.clock()
    )
    services.wake_feed()
    return answer


ROUTES: Final = (
    Route("POST", f"{API}/customers/{ID}/addresses", give, Role.AGENT),
    Route("POST", f"{API}/customers/{ID}/addresses/retire", retire, Role.AGENT, status=204),
    Route("POST", f"{API}/customers/{ID}/addresses/take_back", take_back, Role.AGENT),
)

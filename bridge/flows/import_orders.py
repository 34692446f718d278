"""orders.jsonl: orders and carts of the shop. One status of one order is one entry; a later word of the same status
changes the order only. The shop's webhook says the same, one line a request (`bridge.channels.shop`).

{"order", "status", "at", "customer": {"phone"?, "email"?}, "total", "currency", "items": [{"sku", "name", "quantity",
"price"}], "url"?, "delivery"?: {"city"?, "address"?}}; `total` and `price` in minor units.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
from sqlalchemy import Connection

from bridge.domain.address import canonical
from bridge.domain.customer import CustomerKind, Identity
from bridge.domain.entry import EntryDirection, EntryKind
from bridge.domain.order import NewStatus, OrderItem, OrderPlace, OrderStatus, OrderUpdate
from bridge.domain.times import parse_iso, utc_now
from bridge.errors import InvalidInput
from bridge.flows.import_rows import (
    ImportResult,
    Progress,
    RawRow,
    Saved,
    decode_row,
    json_lines,
    run_import,
)
from bridge.flows.suggest_merges import suggest_buyers, suggest_neighbours
from bridge.store import orders, people, timeline
from bridge.store.engine import BatchWriter
from bridge.store.people import NewCustomer, Owner
from bridge.store.timeline import Appended, NewEntry

SOURCE = "shop"
CHANNEL = "shop"
_EVIDENCE = {"source": "import", "reason": "order"}
_Minor = Annotated[int, msgspec.Meta(ge=0, le=10**15)]


class Buyer(msgspec.Struct, frozen=True):
    phone: str | None = None
    email: str | None = None


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is written."""

    order: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    status: OrderStatus
    at: str
    customer: Buyer
    total: _Minor
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    items: tuple[OrderItem, ...]
    url: Annotated[str, msgspec.Meta(pattern='^https?://[^\\s"<>]+$', max_length=2000)] | None = None
    delivery: OrderPlace | None = None


def import_orders(
    path: Path,
    *,
    url: str,
    region: str,
    sample: bool = False,
    report: Path | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """`region` is where numbers without a country code are at home. Raises InvalidInput when the file cannot be read."""
    now = utc_now()

    def save(writer: BatchWriter, row: OrderUpdate) -> Saved:
        return writer.run(save_order, row, now=now, sample=sample)

    parse = partial(parse_order, region=region)
    return run_import(path, json_lines(path), parse, save, url=url, report=report, progress=progress)


def parse_order(row: RawRow, *, region: str, shop: str = "") -> OrderUpdate:
    """`shop` is the key of its inbox, "" for an import. Raises InvalidInput with the JSON path."""
    line = decode_row(row, OrderLine)
    try:
        at = parse_iso(line.at)
    except ValueError as error:
        raise InvalidInput(str(error), where="at") from error
    identities = []
    for kind, address in (("phone", line.customer.phone), ("email", line.customer.email)):
        if address:
            try:
                identities.append(canonical(kind, address, region))
            except InvalidInput as error:
                raise InvalidInput(str(error), where=f"customer.{kind}") from error
    if not identities:
        raise InvalidInput("give a phone or an email", where="customer")
    status = NewStatus(
        shop=shop,
        number=line.order,
        status=line.status,
        at=at,
        total=line.total,
        currency=line.currency,
        items=line.items,
        url=line.url,
        delivery=line.delivery,
    )
    return OrderUpdate(status=status, identities=tuple(identities))


def save_order(
    conn: Connection,
    row: OrderUpdate,
    *,
    now: datetime,
    sample: bool = False,
    append: Callable[[Connection, NewEntry], Appended] = timeline.append,
    customer_id: str | None = None,
) -> Saved:
    """Append the status once, and make the order say it unless it says something newer.

    `append` puts the entry on the timeline. A new order is that of `customer_id`, else its buyer's.
    """
    status = row.status
    if timeline.find_by_source(conn, SOURCE, source_key_of(status)) is not None:
        return Saved.CHANGED if orders.change_status(conn, status) else Saved.UNCHANGED
    owner, *others = _resolve_buyers(conn, row.identities, now=now, sample=sample)
    customer_id = orders.find_customer_of(conn, status.shop, status.number) or customer_id or owner.leaf_id
    orders.save_status(conn, customer_id, status)
    suggest_buyers(conn, (owner, *others), status.number, now)
    if status.delivery is not None and status.delivery.city:
        suggest_neighbours(conn, customer_id, status.delivery.city, now)
    append(conn, entry_of(status, customer_id, author=owner.name, identity_id=owner.identity_id))
    return Saved.CREATED


def source_key_of(status: NewStatus) -> str:
    return f"{status.shop}/{status.number}/{status.status}"


def entry_of(
    status: NewStatus, customer_id: str, *, author: str = "", identity_id: str | None = None
) -> NewEntry:
    """The line of the timeline that says so."""
    return NewEntry(
        kind=EntryKind.ORDER,
        source=SOURCE,
        source_key=source_key_of(status),
        at=status.at,
        channel=CHANNEL,
        direction=EntryDirection.INBOUND,
        author=author,
        customer_id=customer_id,
        identity_id=identity_id,
        payload={
            "order": status.number,
            "status": status.status,
            "total": status.total,
            "currency": status.currency,
            "items": msgspec.to_builtins(status.items),
            "url": status.url,
            **({"delivery": msgspec.to_builtins(status.delivery)} if status.delivery else {}),
        },
    )


def _resolve_buyers(
    conn: Connection, identities: tuple[Identity, ...], *, now: datetime, sample: bool
) -> list[Owner]:
    """Whose order it is: the phone's owner, else the e-mail's; behind a group's phone the person of the e-mail.

    An address that nobody has yet is linked to a person's other one (invariant 6); where the two belong to two, the
    other one comes second.
    """
    known = [people.find_owner(conn, one.kind, one.address, one.scope) for one in identities]
    owners = sorted(
        (owner for owner in known if owner is not None),
        key=lambda owner: owner.kind is not CustomerKind.PERSON,
    )
    if not owners:
        new = NewCustomer(name=identities[-1].address, sample=sample)
        owners = [people.resolve_owner(conn, identities[0], new, evidence=_EVIDENCE, at=now)]
        known[0] = owners[0]
    owner = owners[0]
    if owner.kind is CustomerKind.PERSON:
        for identity, holder in zip(identities, known, strict=True):
            if holder is None:
                people.add_identity(conn, owner.leaf_id, identity, evidence=_EVIDENCE, at=now)
    return owners

"""The CallerDirectory that the AGI process asks: who is calling, in one statement.

It stands between a ringing phone and its card, so each pool thread holds a connection of its own, the statement is
compiled once, and a locked database is waited for 200 ms at most.
"""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import Connection, String, bindparam, func, select

from bridge.domain.customer import CustomerKind
from bridge.domain.display_name import display_name
from bridge.domain.order import OrderStatus
from bridge.store import schema
from bridge.store.dialect import DRIVER_ERRORS, reader_engine, warm_up
from bridge.store.engine import passing_errors
from bridge.store.leaves import leaves_of
from bridge.store.prepared import Prepared
from pbx.interface import CallerCard, PhoneNumber

BUSY_SECONDS = 0.2
VIP_PRIORITY = 5

_identity = schema.identity
_order = schema.shop_order
_belonging = schema.belonging
_leaf = schema.customer.alias("leaf")
_canonical = schema.customer.alias("canonical")
_sibling = schema.customer.alias("sibling")
_group = schema.customer.alias("organisation")
_member = schema.customer.alias("member")

_newest_order = (
    select(_order.c.id)
    .join(_sibling, _sibling.c.id == _order.c.customer_id)
    .where(_sibling.c.canonical_id == _leaf.c.canonical_id)
    .order_by(_order.c.status_at.desc())
    .limit(1)
    .correlate(_leaf)
    .scalar_subquery()
)
_organisation = (
    select(_group.c.name)
    .join_from(_belonging, _group, _group.c.id == _belonging.c.group_id)
    .join(_member, _member.c.id == _belonging.c.person_id)
    .where(
        _member.c.canonical_id == _leaf.c.canonical_id,
        _belonging.c.ended_at.is_(None),
        _group.c.kind == CustomerKind.ORGANISATION,
    )
    .limit(1)
    .correlate(_leaf)
    .scalar_subquery()
)
# Who sits behind a switchboard's number at the sub-number that calls, else the switchboard's owner.
_at_extension = (
    select(_belonging.c.person_id)
    .where(
        _belonging.c.group_id.in_(leaves_of(_identity.c.customer_id)),
        _belonging.c.extension == bindparam("extension", type_=String()),
        _belonging.c.ended_at.is_(None),
    )
    .order_by(_belonging.c.id)
    .limit(1)
    .correlate(_identity)
    .scalar_subquery()
)
_CALLER = Prepared(
    select(
        _leaf.c.id,
        _canonical.c.name,
        _canonical.c.language,
        _canonical.c.vip,
        _order.c.number.label("order_number"),
        _order.c.status.label("order_status"),
        _organisation.label("organisation"),
    )
    .join_from(_identity, _leaf, _leaf.c.id == func.coalesce(_at_extension, _identity.c.customer_id))
    .join(_canonical, _canonical.c.id == _leaf.c.canonical_id)
    .outerjoin(_order, _order.c.id == _newest_order)
    .where(
        _identity.c.kind == "phone",
        _identity.c.scope == "",
        _identity.c.address == bindparam("e164"),
        _identity.c.retired_at.is_(None),
    )
)


class StoreDirectory:
    """A `pbx.interface.CallerDirectory` over the store of `url`; `language` is the company's."""

    def __init__(self, url: str, *, language: str = "en") -> None:
        """Connects to nothing yet: the process that answers calls starts also while the database is locked."""
        self._engine = reader_engine(url, busy_seconds=BUSY_SECONDS)
        self._language = language
        self._held = threading.local()
        warm_up(url)

    def find_card(self, number: PhoneNumber, dialled: str) -> CallerCard | None:
        """Raises Transient when the database is locked or gone."""
        row = None if number.e164 is None else self._find_row(number.e164, number.extension)
        if row is None:
            return None
        return CallerCard(
            customer_id=row.id,
            display_name=display_name(
                row.name,
                language=self._language,
                vip=row.vip,
                organisation=row.organisation,
                order=row.order_number,
                order_status=None if row.order_status is None else OrderStatus(row.order_status),
            ),
            language=row.language,
            vip=row.vip,
            priority=VIP_PRIORITY if row.vip else 0,
        )

    def _find_row(self, e164: str, extension: str | None) -> Any:
        with passing_errors():
            connection: Connection | None = getattr(self._held, "connection", None)
            if connection is None:
                connection = self._held.connection = self._engine.connect()
            try:
                rows = _CALLER.rows(connection, e164=e164, extension=extension)
            except DRIVER_ERRORS:
                self._held.connection = None
                connection.invalidate()
                raise
        return rows[0] if rows else None

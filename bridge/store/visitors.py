"""Visitors of a site's chat, and what they may read there.

A visitor is a browser: an id that its token carries. Who signs in has an account in that inbox, and all visitors of one
account read the same messages and write in one thread, that of the first of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Text, bindparam, cast, delete, insert, select, update

from bridge.store import schema
from bridge.store.inboxes import Inbox
from bridge.store.types import Id, UtcTime

_visitor = schema.visitor
_code = schema.sign_in_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """`thread` is where they write, `threads` what they may read. `account` and `email` (proven) are "" for a stranger."""

    id: str
    thread: str
    threads: tuple[str, ...]
    account: str = ""
    email: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code that was asked for: `code_hash` of it, `tries` made already."""

    email: str
    code_hash: str
    tries: int
    expires_at: datetime


_of_visitor = bindparam("visitor", type_=Id)
_of_inbox = bindparam("inbox", type_=Id)
_GET = select(_visitor).where(_visitor.c.id == _of_visitor, _visitor.c.inbox_id == _of_inbox)
_TOGETHER = (
    select(_visitor.c.id)
    .where(_visitor.c.inbox_id == _of_inbox, _visitor.c.account == bindparam("account_of"))
    .order_by(_visitor.c.id)
)
_identity = schema.identity
_ACCOUNT = (
    select(_visitor.c.account)
    .join(
        _identity,
        # An address is text, whatever it is of.
        (_identity.c.address == cast(_visitor.c.id, Text)) & _identity.c.retired_at.is_(None),
    )
    .where(
        _visitor.c.inbox_id == _of_inbox,
        _identity.c.kind == bindparam("kind"),
        _identity.c.scope == bindparam("scope"),
        _identity.c.customer_id.in_(bindparam("leaves", expanding=True, type_=Id)),
    )
    .order_by(_visitor.c.since.desc(), _visitor.c.id.desc())
    .limit(1)
)
_CODE = select(_code).where(_code.c.visitor_id == _of_visitor, _code.c.inbox_id == _of_inbox)


def get_visitor(conn: Connection, inbox_id: str, visitor_id: str) -> Visitor:
    """Whoever it is: of a stranger there is no row."""
    row = conn.execute(_GET, {"visitor": visitor_id, "inbox": inbox_id}).one_or_none()
    if row is None:
        return Visitor(id=visitor_id, thread=visitor_id, threads=(visitor_id,))
    together = list(conn.scalars(_TOGETHER, {"inbox": inbox_id, "account_of": row.account}))
    return Visitor(
        id=visitor_id,
        thread=together[0],
        threads=tuple(together),
        account=row.account,
        email=row.email,
        name=row.name,
    )


def add_visitor(
    conn: Connection, inbox_id: str, visitor_id: str, *, account: str, email: str, name: str, at: datetime
) -> None:
    """A stranger has signed in."""
    row = {"id": visitor_id, "inbox_id": inbox_id, "account": account, "email": email, "name": name}
    conn.execute(insert(_visitor), {**row, "since": at})


def find_account(conn: Connection, inbox: Inbox, leaves: Sequence[str]) -> str | None:
    """As whom a person is known at the inbox, by the visitors that are theirs; where there are several, the newest."""
    given = {"inbox": inbox.id, "kind": inbox.channel, "scope": inbox.key, "leaves": list(leaves)}
    found: str | None = conn.scalar(_ACCOUNT, given)
    return found


def change_account(
    conn: Connection, visitor_id: str, *, account: str, email: str, name: str, at: datetime
) -> None:
    """The visitor is known by this one now."""
    conn.execute(
        update(_visitor)
        .where(_visitor.c.id == _of_visitor)
        .values(account=account, email=email, name=name, since=at),
        {"visitor": visitor_id},
    )


def keep_code(conn: Connection, inbox_id: str, visitor_id: str, code: Code, at: datetime) -> None:
    """Instead of the one before. Those that are over are forgotten."""
    conn.execute(
        delete(_code).where(
            (_code.c.visitor_id == _of_visitor) | (_code.c.expires_at < bindparam("now", type_=UtcTime))
        ),
        {"visitor": visitor_id, "now": at},
    )
    row = {"email": code.email, "code_hash": code.code_hash, "tries": code.tries}
    conn.execute(
        insert(_code),
        {**row, "visitor_id": visitor_id, "inbox_id": inbox_id, "expires_at": code.expires_at},
    )


def find_code(conn: Connection, inbox_id: str, visitor_id: str) -> Code | None:
    row = conn.execute(_CODE, {"visitor": visitor_id, "inbox": inbox_id}).one_or_none()
    if row is None:
        return None
    return Code(email=row.email, code_hash=row.code_hash, tries=row.tries, expires_at=row.expires_at)


def count_try(conn: Connection, visitor_id: str) -> None:
    conn.execute(
        update(_code).where(_code.c.visitor_id == _of_visitor).values(tries=_code.c.tries + 1),
        {"visitor": visitor_id},
    )


def forget_code(conn: Connection, visitor_id: str) -> None:
    conn.execute(delete(_code).where(_code.c.visitor_id == _of_visitor), {"visitor": visitor_id})

"""A visitor of a site shows who they are: by a code sent to their e-mail address, or because the site knows them.

Then they read on any device what they wrote on another, and the address is proven to be that person's (invariant 6): it is
linked to them, unless both belong to somebody already; then a person decides.
"""

from __future__ import annotations

import enum
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bridge.domain.customer import Identity, Strength
from bridge.domain.ids import new_id
from bridge.flows.resolve_identity import prove_address
from bridge.store import people, visitors
from bridge.store.inboxes import Inbox
from bridge.store.people import Owner
from bridge.store.visitors import Code

CODE_LIVES: Final = timedelta(minutes=10)
MOST_TRIES: Final = 5
BY_LINK: Final = "link:"
"""So begins the account of those who came by a continue-link and are known by nothing better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """As whom a visitor is known at an inbox: `key` is the same for the same person. `email` is proven, "" for none."""

    key: str
    email: str = ""
    name: str = ""


class Tried(enum.Enum):
    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"
    """There is no code, or it is too old, or was tried too often: another one has to be asked for."""


def account_of_email(email: str) -> Account:
    return Account(key=f"email:{email}", email=email)


def ask_code(
    connection: Connection, inbox_id: str, visitor_id: str, *, email: str, code_hash: str, at: datetime
) -> None:
    """Keep what the code is compared with, instead of the one before."""
    code = Code(email=email, code_hash=code_hash, tries=0, expires_at=at + CODE_LIVES)
    visitors.keep_code(connection, inbox_id, visitor_id, code, at)


def try_code(
    connection: Connection, inbox: Inbox, visitor_id: str, *, code_hash: str, at: datetime
) -> tuple[Tried, str]:
    """Whether it is the code, which is good once, and the visitor's id from now on."""
    code = visitors.find_code(connection, inbox.id, visitor_id)
    if code is None or code.expires_at < at or code.tries >= MOST_TRIES:
        return Tried.OVER, visitor_id
    visitors.count_try(connection, visitor_id)
    if not hmac.compare_digest(code.code_hash, code_hash):
        return Tried.WRONG, visitor_id
    visitors.forget_code(connection, visitor_id)
    return Tried.RIGHT, sign_in(connection, inbox, visitor_id, account_of_email(code.email), at)


def sign_in(connection: Connection, inbox: Inbox, visitor_id: str, account: Account, at: datetime) -> str:
    """The visitor has this account from now on; the visitor's id, which is another where it had another account."""
    known = visitors.get_visitor(connection, inbox.id, visitor_id)
    if known.account == account.key:
        return visitor_id
    said = {"account": account.key, "email": account.email, "name": account.name}
    if known.account.startswith(BY_LINK):
        visitors.change_account(connection, visitor_id, **said, at=at)
    else:
        visitor_id = new_id() if known.account else visitor_id
        visitors.add_visitor(connection, inbox.id, visitor_id, **said, at=at)
    if account.email:
        _link(connection, inbox, visitor_id, account.email, at)
    return visitor_id


def _link(connection: Connection, inbox: Inbox, visitor_id: str, email: str, at: datetime) -> None:
    """The visitor and the address are one person's. Of whom nothing is known there is no customer before a message."""
    chat = Identity(inbox.channel, visitor_id, inbox.key, Strength.PROVEN)
    mail = Identity("email", email, strength=Strength.PROVEN)
    writer = people.find_owner(connection, chat.kind, chat.address, chat.scope)
    reader = people.find_owner(connection, mail.kind, mail.address)
    source_key = f"{inbox.key}/{visitor_id}/sign_in"
    if writer is not None:
        prove_address(connection, writer, mail, source=inbox.channel, source_key=source_key, at=at)
    elif reader is not None and not _was_only_said(connection, inbox, reader):
        prove_address(connection, reader, chat, source=inbox.channel, source_key=source_key, at=at)
        prove_address(connection, reader, mail, source=inbox.channel, source_key=source_key, at=at)


def _was_only_said(connection: Connection, inbox: Inbox, reader: Owner) -> bool:
    """By a visitor whom nobody asked for a proof: it may be anybody who has this address now."""
    said = people.read_evidence(connection, reader.identity_id)
    return reader.strength is Strength.CLAIMED and said.get("source") == inbox.channel

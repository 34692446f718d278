"""An admin sets up the accounts in which customers write to the company."""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.catalogue import say
from bridge.domain.ids import new_id
from bridge.domain.message import OutboundMessage
from bridge.domain.ports import Channel, Introduces, Sends
from bridge.errors import AnswerLost, Conflict, InvalidInput, RateLimited, Rejected, Transient
from bridge.store import audits, inboxes
from bridge.store.engine import Database
from bridge.store.inboxes import Inbox

EMAIL: Final = "email"
LONGEST_PASSWORD: Final = 500
_OF_TOKENS: Final = frozenset(string.ascii_letters + string.digits + ":_-")
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def check_inbox(channel: str, key: str, token: str, known: Collection[str]) -> None:
    """Raises InvalidInput."""
    if channel not in known:
        raise InvalidInput(f"no channel {channel!r}: one of {', '.join(known)}", where="channel")
    if not _KEY.fullmatch(key):
        raise InvalidInput(f"{key!r} is not up to 63 letters a-z, digits, - and _", where="key")
    check_token(token)


def check_token(token: str, where: str = "token") -> None:
    """Raises InvalidInput."""
    if not all(letter in _OF_TOKENS for letter in token):
        raise InvalidInput("that is no token", where=where)


def check_password(password: str) -> None:
    """Of a mailbox: any letters, in one line. Raises InvalidInput."""
    if not password.isprintable():
        raise InvalidInput("that is no password", where="token")


def addable(channels: Collection[str]) -> list[str]:
    """Those of which an inbox can be added. A mailbox is one of the settings, which say how it is reached."""
    return sorted(set(channels) - {EMAIL})


def record_token(connection: Connection, inbox_id: str, agent: Agent, at: datetime) -> None:
    """Somebody has set what the inbox sends with."""
    audits.record(connection, agent.id, "inbox.token", inbox_id, at)


def add_inbox(
    connection: Connection, channel: str, key: str, agent: Agent, *, address: str, at: datetime
) -> Inbox:
    """Raises Conflict where there is one of this key."""
    if inboxes.find_inbox(connection, channel, key) is not None:
        raise Conflict(f"there is an inbox {channel} {key} already")
    inbox = inboxes.resolve_inbox(connection, channel, key, address)
    audits.record(connection, agent.id, "inbox.add", inbox.id, at)
    return inbox


def change_inbox(
    connection: Connection,
    inbox_id: str,
    agent: Agent,
    *,
    state: str | None,
    address: str | None,
    at: datetime,
) -> Inbox:
    """Raises NotFound."""
    inboxes.get_inbox(connection, inbox_id)
    inboxes.change(connection, inbox_id, state=state, address=address, at=at)
    audits.record(connection, agent.id, "inbox.change", inbox_id, at, {"state": state} if state else {})
    return inboxes.get_inbox(connection, inbox_id)


@dataclass(frozen=True, slots=True)
class Tried:
    """`to`: whom to write to, as the provider names them, None for nobody; `language` is what is written in."""

    inbox: Inbox
    token: str
    to: str | None
    language: str


async def try_inbox(db: Database, channels: Mapping[str, Channel], tried: Tried, at: datetime) -> str | None:
    """Ask the provider who we are and, where somebody is named, write to them. What was the matter, None for nothing.

    What it answers is kept: the address, and the error.
    """
    reason, inbox = None, tried.inbox
    try:
        address = await _try(channels[inbox.channel], tried)
    except (Rejected, Transient, RateLimited, AnswerLost) as error:
        reason = str(error)
    else:
        await db.write(inboxes.change, inbox.id, address=address, at=at)
    await db.write(inboxes.set_error, inbox.id, reason)
    return reason


async def _try(channel: Channel, tried: Tried) -> str:
    """What customers write to."""
    address = tried.inbox.address
    if not isinstance(channel, Sends):
        raise Rejected("this inbox only listens: have its provider send something")
    if not tried.token:
        raise Rejected("this inbox cannot send: it has no token")
    if isinstance(channel, Introduces):
        address = await channel.introduce(tried.token)
    if tried.to is not None:
        message = OutboundMessage(
            key=new_id(),
            inbox=tried.inbox.key,
            thread=tried.to,
            to=tried.to,
            text=say("channel.test", tried.language),
            conversation_id="",
        )
        await channel.send(tried.token, message)
    return address

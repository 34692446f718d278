"""Outgoing webhooks: what the company's own systems are told of, and how they know that we say it."""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import ipaddress
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from bridge.domain.entry import EntryKind
from bridge.domain.times import iso
from bridge.errors import InvalidInput

LONGEST_URL: Final = 2000


class EventType(enum.StrEnum):
    """Each event is of one type only."""

    CALL = "call"
    """A call has changed: CallSummary."""
    MESSAGE = "message"
    """Somebody wrote, or we did: Entry."""
    ORDER = "order"
    """An order has a new status: Entry."""
    ENTRY = "entry"
    """Any other entry: notes, transcripts, promises, the one entry of a call."""


class WebhookState(enum.StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """`failing_since` is when it first failed since it last worked; `last_error` what was the matter then.

    `secret` is given once, when it is made. Times are ISO 8601 UTC.
    """

    id: str
    url: str
    events: list[EventType]
    state: WebhookState
    last_error: str | None = None
    failing_since: str | None = None
    told_at: str | None = None
    secret: str | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """`id` rises with each event, and is the same when it is told again."""

    id: int
    type: str
    at: str
    data: Any


def event_of(number: int, kind: str, data: Any, at: datetime, wanted: Collection[str]) -> Event | None:
    """The event that a row of the feed is; None for one that is none, or is not wanted."""
    if kind == "call":
        type_ = EventType.CALL
    elif kind == "entry":
        named = {EntryKind.MESSAGE: EventType.MESSAGE, EntryKind.ORDER: EventType.ORDER}
        type_ = named.get(EntryKind(data["kind"]), EventType.ENTRY)
    else:
        return None
    return Event(id=number, type=type_, at=iso(at), data=data) if type_ in wanted else None


def secret_of(key: str, webhook_id: str, salt: str) -> str:
    """What a webhook is signed with: made anew from our key whenever it is needed, and stored nowhere."""
    made = hmac.digest(key.encode(), f"{webhook_id}/{salt}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of the timestamp, a dot and the raw body, in base64."""
    signed = hmac.digest(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return base64.b64encode(signed).decode()


def check_url(url: str) -> str:
    """Raises InvalidInput for what is no address of a web server, and for one with a password in it."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or len(url) > LONGEST_URL or not url.isprintable() or " " in url or "@" in parts.netloc:
        raise InvalidInput("an http or https address without a password is needed", where="url")
    return url


def parse_networks(texts: Collection[str]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Raises InvalidInput naming the one that is no network."""
    networks = []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text, strict=False))
        except ValueError as error:
            raise InvalidInput(
                f"{text!r} is no network such as 192.168.0.0/16", where="webhooks.networks"
            ) from error
    return tuple(networks)

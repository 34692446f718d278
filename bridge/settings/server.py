"""How the server is reached, where it keeps what it has, and for how long."""

from __future__ import annotations

from typing import Annotated

import msgspec

from bridge.settings.values import Port


class Http(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The desk and its API."""

    host: str = "127.0.0.1"
    """The address it listens on."""
    port: Port = 8080
    """Its TCP port."""
    url: str = ""
    """How phones reach it, such as `https://desk.example`; empty means `http://host:port`. It stands in Call-Info."""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """The addresses of proxies before it: what they say in X-Forwarded-For is who asks. Visitors of chats are counted by it."""


class Database(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the timeline is kept."""

    url: str = ""
    """`sqlite:///…` or `postgresql://user:password@host/name` (15 or later); empty means `omniline.sqlite3` in the home."""


class BusSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the processes of Omniline wake each other."""

    url: Annotated[str, msgspec.Meta(pattern=r"^(memory://$|rediss?://.|unix://.)")] = "memory://"
    """`memory://`: inside one process; `redis://[:password@]host:6379/0`: a Redis of at least version 5, `rediss://` by TLS,
    `unix:///run/redis.sock?db=0` by a socket. Each home needs a database number of its own."""


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long is kept what nobody needs any more. Timelines and their files are kept."""

    arrivals_days: Annotated[int, msgspec.Meta(ge=1, le=36500)] = 90
    """The raw bodies of webhooks and mails, once they are understood: parts that could not be shown are in them alone. What a
    provider sends again later is known all the same, and what failed keeps its body until somebody drops it."""
    uploads_days: Annotated[int, msgspec.Meta(ge=1, le=36500)] = 7
    """Files that agents have uploaded for an answer and never sent."""

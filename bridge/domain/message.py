"""What a channel makes of what arrived: values that no provider's words are left in."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from bridge.domain.customer import Identity
from bridge.domain.order import OrderUpdate


class InboundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`key` names the message within its inbox, `thread` whom it is a talk with; `at` is the provider's own time.

    `edited`: it is a new text of the message of that key, written at `at`. `unsupported` is what the provider calls a
    message (or the part of one) that we cannot show, "" for any other. `proves` is another address that the provider
    says is the sender's own.
    """

    key: str
    thread: str
    sender: Identity
    name: str
    text: str
    at: datetime
    edited: bool = False
    unsupported: str = ""
    proves: Identity | None = None


class Unread(msgspec.Struct, frozen=True):
    """Of nobody, so that it stands on no timeline: it stays as it arrived. `kind` is the provider's word for it."""

    kind: str


Told: TypeAlias = InboundMessage | OrderUpdate | Unread

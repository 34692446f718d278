"""What a channel makes of what arrived, and what it is given to send: values that no provider's words are left in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import msgspec

from bridge.domain.customer import Identity
from bridge.domain.order import OrderUpdate


class InboundFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a message brings: its bytes in `data`, or in `reference` what its channel fetches them by.

    `name` and `media_type` are what the sender says, `size` what the provider says (bytes, 0: unknown). Once `data` lies in
    the home it is there under `sha256`, and `media_type` is what it really is. `refused` says why it is not kept.
    """

    name: str
    media_type: str = ""
    size: int = 0
    data: bytes = b""
    reference: str = ""
    sha256: str = ""
    refused: str = ""


class InboundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`key` names the message within its inbox, `thread` whom it is a talk with; `at` is the provider's own time.

    `edited`: it is a new text of the message of that key, written at `at`. `unsupported` is what the provider calls a
    message (or the part of one) that we cannot show, "" for any other. `proves` is another address that the provider
    says is the sender's own. `answers` are the keys of the messages that it answers, the nearest first: theirs, or the
    `OutboundMessage.key` of ours. `link` is the token of a continue-link that came with it, "" for none.
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
    subject: str = ""
    answers: tuple[str, ...] = ()
    attachments: tuple[InboundFile, ...] = ()
    link: str = ""


class Unread(msgspec.Struct, frozen=True):
    """Of nobody, so that it stands on no timeline: it stays as it arrived. `kind` is the provider's word for it."""

    kind: str


Told: TypeAlias = InboundMessage | OrderUpdate | Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundFile:
    """`path` is where its bytes lie, `media_type` what they are, `size` how many."""

    name: str
    media_type: str
    size: int
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """`key` names the message for ever, also when it is sent again. `inbox` is the key of the inbox that sends it.

    `thread` is the talk, as in `InboundMessage`; `to` the address of who gets it, "" where nobody wrote from one; `cc` the
    addresses that get it as well. `answers` as in `InboundMessage`, of all that was said in the conversation lately.
    """

    key: str
    inbox: str
    thread: str
    text: str
    conversation_id: str
    to: str = ""
    cc: tuple[str, ...] = ()
    subject: str = ""
    answers: tuple[str, ...] = ()
    attachments: tuple[OutboundFile, ...] = ()

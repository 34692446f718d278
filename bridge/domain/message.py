"""What a channel makes of what arrived, and what it is given to send: values that no provider's words are left in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from bridge.domain.customer import Identity
from bridge.domain.delivery import DeliveryState
from bridge.domain.order import OrderUpdate


class InboundFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a message brings: its bytes in `data`, or in `reference` what its channel fetches them by.

    `name` and `media_type` are what the sender says, `size` what the provider says (bytes, 0: unknown). Once `data` lies in
    the home it is there under `sha256`, and `media_type` is what it really is. `refused` says why it is not kept.
    `cid` is by what the message's HTML shows it as a picture, "" for any other.
    """

    name: str
    media_type: str = ""
    size: int = 0
    data: bytes = b""
    reference: str = ""
    sha256: str = ""
    refused: str = ""
    cid: str = ""


class InboundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`key` names the message within its inbox, `thread` whom it is a talk with; `at` is the provider's own time.

    `edited`: it is a new text of the message of that key, written at `at`. `unsupported` is what the provider calls a
    message (or the part of one) that we cannot show, "" for any other. `proves` is another address that the provider
    says is the sender's own. `answers` are the keys of the messages that it answers, the nearest first: theirs, or the
    `OutboundMessage.key` of ours. `text` is without what it quotes and is signed with, which is in `quoted`; `html` is how
    it was laid out. `link` is the token of a continue-link that came with it, "" for none.

    `also` are further addresses that it came from, by the provider's word: whoever is known by one of them is the sender.
    `quotes` is the key of the message that the person chose to put it under, theirs or the provider's name for one of ours;
    `reaction`: the text is a sign put to that. `forwarded` is None for what they wrote themselves, else who wrote it, ""
    where that is not told. `author` is who of ours wrote it elsewhere than at a desk: then `sender` is whom it went to.

    `cc` are others who got it. `worldwide`: its key names it in every inbox, imported ones included. `conversation` and
    `number` are the id and the `bridge.domain.threads.number_of` of the conversation that it says it is part of, "" where it
    says none. `phones` are those that it is signed with (E.164). `automatic`: a program wrote it, and none of ours may
    answer. `forged` is what says that it is not from the sender that it names (dmarc, dkim, spf), so that it is nobody's;
    "" for all else.

    `album` is the same for messages that were sent as one, "" for any other.

    `stranger` is how somebody is called who is not known yet and has said no `name`. `context` is what is known of where and
    about what it was written: `page_url`, `page_title`, `cart`, `order`, `language`, as far as there are any. `terms` are
    what its subject and text are found by (`bridge.domain.terms`), where a channel that reads slowly has worked that out.
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
    also: tuple[Identity, ...] = ()
    quotes: str = ""
    reaction: bool = False
    forwarded: str | None = None
    author: str = ""
    html: InboundFile | None = None
    quoted: str = ""
    cc: tuple[str, ...] = ()
    worldwide: bool = False
    conversation: str = ""
    number: str = ""
    phones: tuple[str, ...] = ()
    automatic: bool = False
    forged: str = ""
    album: str = ""
    stranger: str = ""
    context: dict[str, str] = {}
    terms: tuple[str, ...] = ()


class DeletedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The message of this key was taken back by whoever wrote it: noticed at `at`."""

    key: str
    at: datetime


class StatusUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider says became of a message of ours: `key` is its own name for it, `reason` its words.

    `delivery_id` is what we gave it along, "" where it gives nothing back.
    """

    key: str
    state: DeliveryState
    at: datetime
    reason: str = ""
    delivery_id: str = ""


class Unread(msgspec.Struct, frozen=True):
    """Of nobody, so that it stands on no timeline: it stays as it arrived, as long as arrivals do.

    `kind` is the provider's word for it.
    """

    kind: str


Told: TypeAlias = InboundMessage | DeletedMessage | OrderUpdate | StatusUpdate | Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundFile:
    """`path` is where its bytes lie, `media_type` what they are, `size` how many."""

    name: str
    media_type: str
    size: int
    path: Path


PART: Final = "/"
"""Between the key of a message and the number of its part."""
LONGEST_CAPTION: Final = 1024
"""So many letters go under a file, in all channels that take one file in a message."""


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the provider has approved: `text` with its `blanks` as {{1}} or {{name}}. `marketing`: it advertises."""

    name: str
    language: str
    text: str
    blanks: tuple[str, ...] = ()
    marketing: bool = False


class FilledTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """`values` by the blank that each fills."""

    name: str
    language: str
    values: dict[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """`key` names the message for ever, also when it is sent again. `inbox` is the key of the inbox that sends it.

    `thread` is the talk, as in `InboundMessage`; `to` the address of who gets it, "" where nobody wrote from one; `cc` the
    addresses that get it as well. `answers` as in `InboundMessage`, of all that was said in the conversation lately.
    `template` is what is sent in place of a text of our own.
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
    template: FilledTemplate | None = None


def parts_of(message: OutboundMessage) -> tuple[OutboundMessage, ...]:
    """What has several files, or a text too long to go under one, as messages of one file each; all else as it is."""
    if not message.attachments:
        return (message,)
    # Providers count in UTF-16.
    fits = len(message.text.encode("utf-16-le")) // 2 <= LONGEST_CAPTION
    if fits and len(message.attachments) == 1:
        return (message,)
    bare = replace(message, text="", attachments=())
    parts = [replace(bare, attachments=(file,)) for file in message.attachments]
    if fits:
        parts[0] = replace(parts[0], text=message.text)
    else:
        parts.insert(0, replace(bare, text=message.text))
    return tuple(replace(part, key=f"{message.key}{PART}{number}") for number, part in enumerate(parts))

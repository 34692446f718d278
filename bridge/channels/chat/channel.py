"""A chat on the company's own site, as a channel: what a visitor has written, once `front` has kept it as an arrival."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec

from bridge.channels import signing
from bridge.domain.catalogue import say
from bridge.domain.customer import Identity, Strength
from bridge.domain.message import InboundFile, InboundMessage, OutboundMessage, Told
from bridge.domain.ports import First, Hook
from bridge.errors import InvalidInput

NAME: Final = "chat"
SIGNATURE: Final = "X-Omniline-Signature"
LONGEST_TEXT: Final = 20_000

_Short = Annotated[str, msgspec.Meta(max_length=300)]
_UUID: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


class Context(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the visitor is, and what about: what the site says of itself, believed as little as the visitor."""

    page_url: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    page_title: _Short = ""
    cart: _Short = ""
    order: _Short = ""
    language: Annotated[str, msgspec.Meta(max_length=8)] = ""


class WrittenFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that lies in the home already, named by its SHA-256."""

    name: str
    media_type: str
    size: int
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Written(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of an arrival. `key` is the browser's, the same when it sends again. `proven`: so is `email`."""

    visitor: Annotated[str, msgspec.Meta(pattern=_UUID)]
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    text: Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]
    email: str = ""
    proven: bool = False
    name: _Short = ""
    context: Context = Context()
    files: tuple[WrittenFile, ...] = ()

    @property
    def source_key(self) -> str:
        return f"{self.visitor}/{self.key}"


class ChatChannel:
    """`language` is the company's: strangers are called in it."""

    name = NAME
    first = First.WHO_HAS_SIGNED_IN

    def __init__(self, language: str) -> None:
        self._language = language

    def admit(self, hook: Hook, secret: str) -> str:
        """What a server of the company's hands in, such as its contact form: signed like the shop's words."""
        signing.check(hook.headers.get(SIGNATURE), signing.sign(hook.body, secret))
        return signing.digest(hook.body)

    def read(self, body: bytes, inbox: str, arrived_at: datetime) -> Sequence[Told]:
        try:
            written = msgspec.json.decode(body, type=Written)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(f"not a message of a visitor: {error}") from error
        strength = Strength.PROVEN if written.proven else Strength.CLAIMED
        return [
            InboundMessage(
                key=written.source_key,
                thread=written.visitor,
                sender=Identity(NAME, written.visitor, inbox, Strength.PROVEN),
                name=written.name,
                stranger=say("visitor.name", self._language, code=written.visitor[-4:].upper()),
                text=written.text,
                at=arrived_at,
                proves=Identity("email", written.email, strength=strength) if written.email else None,
                context=msgspec.to_builtins(written.context),
                attachments=tuple(InboundFile(**msgspec.structs.asdict(file)) for file in written.files),
            )
        ]

    def invite(self, address: str, token: str, begin: str) -> str:
        """The company's page with the chat. The token stands where no server, log or other site gets to see it; the page's
        own widget hands it to `front`, so that none comes with a message.
        """
        return f"{address}{'&' if '#' in address else '#'}omniline={token}"

    def thread_with(self, address: str) -> str | None:
        return address

    async def send(self, token: str, message: OutboundMessage) -> str:
        """There is nobody to hand it to: it is where the visitor reads it. `front` tells those who are there."""
        return ""

    async def close(self) -> None:
        """Nothing is open."""

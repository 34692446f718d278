"""What browsers send and get, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeVar

import msgspec
from aiohttp import web

from bridge.channels.chat.channel import LONGEST_TEXT, Context
from bridge.domain.continuing import Fate
from bridge.domain.times import iso
from bridge.errors import InvalidInput
from bridge.store.threads import Said

T = TypeVar("T", bound=msgspec.Struct)

LONGEST_CURSOR: Final = 8000

Id = Annotated[str, msgspec.Meta(max_length=36)]
Email = Annotated[str, msgspec.Meta(max_length=254)]
Language = Annotated[str, msgspec.Meta(max_length=8)]
Token = Annotated[str, msgspec.Meta(max_length=100)]
FileToken = Annotated[str, msgspec.Meta(max_length=2000)]
CursorText = Annotated[str, msgspec.Meta(max_length=LONGEST_CURSOR)]


class Open(msgspec.Struct, frozen=True):
    """`token` is "" for the first time; `user` and `signature` are the site's word for who it is."""

    token: Token = ""
    user: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    signature: Annotated[str, msgspec.Meta(max_length=64)] = ""


class User(msgspec.Struct, frozen=True):
    """What the site says of its user, in `Open.user`."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    email: Email = ""
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Write(msgspec.Struct, frozen=True):
    """`key` makes a repeated request harmless. `email` is where the visitor wants to be answered, `files` what they sent."""

    key: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
    text: Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]
    email: Email = ""
    context: Context = Context()
    files: Annotated[tuple[FileToken, ...], msgspec.Meta(max_length=10)] = ()


class Follow(msgspec.Struct, frozen=True):
    """`cursor` is that of the newest update, `there` what it said; `token` only over the WebSocket."""

    cursor: CursorText = ""
    there: bool | None = None
    token: Token = ""


class Reached(msgspec.Struct, frozen=True):
    """The newest message that the browser has, and the newest that was looked at."""

    delivered: Id = ""
    read: Id = ""


class AskCode(msgspec.Struct, frozen=True):
    email: Email
    language: Language = "en"


class TryCode(msgspec.Struct, frozen=True):
    code: Annotated[str, msgspec.Meta(pattern="^[0-9]{6}$")]


class Continue(msgspec.Struct, frozen=True):
    """`link` is the token of a continue-link that the page was opened with."""

    link: Annotated[str, msgspec.Meta(pattern="^go-[a-z2-7]{24}$")]


class Earlier(msgspec.Struct, frozen=True):
    before: Id


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A message. `key` is the browser's own where the visitor wrote it, else ""."""

    id: str
    key: str
    author: str
    text: str
    at: str
    files: Sequence[Any] = ()


class Lines(msgspec.Struct, frozen=True):
    """`earlier`: whether there may be older ones."""

    lines: Sequence[Line]
    earlier: bool


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """`email` is the one signed in with, `account` whether there is any; `sign_in`: whether one may sign in by e-mail."""

    token: str
    title: str
    colour: str
    there: bool
    sign_in: bool
    account: bool
    email: str
    lines: Sequence[Line]
    earlier: bool
    cursor: str


class Update(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is new: messages, whether anybody is there, who writes at this moment."""

    lines: Sequence[Line] = ()
    cursor: str
    there: bool
    typing: str = ""


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """`token` is what a message names the file by."""

    token: str
    name: str
    media_type: str
    size: int


class Signed(msgspec.Struct, frozen=True):
    token: str


class Continued(msgspec.Struct, frozen=True):
    """What the link was worth."""

    fate: Fate


def line_of(said: Said, company: str) -> Line:
    """What nobody of ours has written is said by the `company`."""
    is_theirs = said.direction == "inbound"
    return Line(
        id=said.id,
        key=said.source_key.rpartition("/")[2] if is_theirs else "",
        author="" if is_theirs else said.author or company,
        text=said.text,
        at=iso(said.at),
        files=said.payload.get("attachments", ()),
    )


async def read_body(request: web.Request, kind: type[T]) -> T:
    """Raises InvalidInput; aiohttp's own for one that is too large."""
    raw = await request.read()
    if request.content_type != "application/json":
        raise InvalidInput("send application/json", where="Content-Type")
    return decode(raw, kind)


def decode(raw: bytes | str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(str(error), where="body") from error


def answer(value: msgspec.Struct | None) -> web.Response:
    if value is None:
        return web.Response(status=204)
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")

"""One mail out of its bytes (RFC 5322, RFC 2047, MIME): a pure function, for a process pool.

The standard library's parser is used with its oldest policy: the newer one raises on headers that strangers send.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

import msgspec

from bridge.domain.address import canonical_email
from bridge.domain.files import file_name
from bridge.domain.html_text import html_to_text, pictures_in
from bridge.domain.mail_quoting import fold_quotes
from bridge.domain.texts import decoded, storable
from bridge.errors import InvalidInput

LARGEST = 64 << 20
"""Bytes of the largest mail that is read."""
LONGEST_BODY = 200_000
"""Characters of text that are shown; a longer text is kept whole as an attachment."""
MOST_PARTS = 2_000

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,400})>")


class MailAddress(msgspec.Struct, frozen=True):
    """`address` is canonical."""

    name: str
    address: str


class MailAttachment(msgspec.Struct, frozen=True):
    """`cid` is its Content-ID where the mail's HTML shows it as a picture, "" for any other."""

    name: str
    media_type: str
    data: bytes
    cid: str = ""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is the Message-ID without brackets, else the SHA-256 of the mail; `thread` the Message-ID that began it.

    `parents` are the messages it answers, nearest first. `text` is without what it quotes, which is in `quoted`; `html` is
    its HTML part as it is. `cc` are the addresses of To and Cc; `alone` is whether it names one sender.
    """

    key: str
    thread: str
    parents: tuple[str, ...]
    at: datetime
    sender: MailAddress
    recipients: tuple[MailAddress, ...]
    subject: str
    text: str
    quoted: str
    attachments: tuple[MailAttachment, ...]
    html: str = ""
    cc: tuple[str, ...] = ()
    alone: bool = True


def parse_mail(data: bytes, *, received_at: datetime | None = None) -> Mail:
    """Read one mail; `received_at` stands in for a missing or impossible Date.

    Raises InvalidInput saying what is wrong: too large, not a mail, no sender, no date, nested without end.
    """
    return read_mail(parse_message(data), data, received_at=received_at)


def parse_message(data: bytes) -> Message:
    """Its headers and parts. Raises InvalidInput for what is too large or no mail."""
    if len(data) > LARGEST:
        raise InvalidInput(f"the mail has {len(data) >> 20} MB, more than {LARGEST >> 20}")
    try:
        return email.message_from_bytes(data, policy=email.policy.compat32)
    except RecursionError as error:
        raise InvalidInput("its parts are nested without end") from error
    except MessageError as error:
        raise InvalidInput(f"not a mail: {error}") from error


def read_mail(message: Message, data: bytes, *, received_at: datetime | None = None) -> Mail:
    """As `parse_mail`, of a `message` that was made of `data`."""
    try:
        return _read(message, data, received_at)
    except RecursionError as error:
        raise InvalidInput("its parts are nested without end") from error
    except MessageError as error:
        raise InvalidInput(f"not a mail: {error}") from error


def _read(message: Message, data: bytes, received_at: datetime | None) -> Mail:
    senders = _addresses(message, "From")
    if not senders:
        raise InvalidInput("no sender: the From header is missing or not an address")
    key = ids_of(message, "Message-ID")[:1] or (_digest(data),)
    references = ids_of(message, "References")
    answered = ids_of(message, "In-Reply-To")[:1]
    text, html, attachments = _content(message)
    written, quoted = fold_quotes(text)
    return Mail(
        key=key[0],
        thread=(references[:1] or answered or key)[0],
        parents=tuple(dict.fromkeys((*answered, *reversed(references)))),
        at=_date(message, received_at),
        sender=senders[0],
        recipients=tuple(
            address
            for header in ("To", "Cc", "Bcc", "Delivered-To", "X-Original-To")
            for address in _addresses(message, header)
        ),
        subject=" ".join(_decoded_words(header_of(message, "Subject")).split())[:500],
        text=written[:LONGEST_BODY],
        quoted=quoted[:LONGEST_BODY],
        attachments=attachments,
        html=html,
        cc=tuple(address.address for header in ("To", "Cc") for address in _addresses(message, header)),
        alone=len(senders) == 1 and len(values_of(message, "From")) == 1,
    )


def _digest(data: bytes) -> str:
    """The same for one mail in an mbox, a Maildir and over IMAP, which end lines and files differently."""
    same = data.replace(b"\r\n", b"\n").rstrip(b"\n")
    return f"sha256:{hashlib.sha256(same).hexdigest()}"


def _content(message: Message) -> tuple[str, str, tuple[MailAttachment, ...]]:
    """The text (the plain part, else the words of the HTML part), the HTML part and what is attached."""
    plain: list[str] = []
    html: list[str] = []
    attachments: list[MailAttachment] = []
    for part in _leaves(message):
        data = _payload(part)
        kind = part.get_content_type()
        name = _file_name(part)
        if (
            kind in ("text/plain", "text/html")
            and not name
            and part.get_content_disposition() != "attachment"
        ):
            (plain if kind == "text/plain" else html).append(decoded(data, part.get_content_charset()))
        elif data:
            cid = header_of(part, "Content-ID").strip().strip("<>")
            attachments.append(MailAttachment(name or kind.replace("/", "."), kind, data, cid))
    text = "\n".join(part.strip() for part in plain if part.strip())
    text = text or "\n".join(html_to_text(part) for part in html)
    if len(text) > LONGEST_BODY:
        attachments.append(MailAttachment("text.txt", "text/plain", text.encode()))
    laid_out = "".join(html)
    shown = pictures_in(laid_out)
    files = [each if each.cid in shown else msgspec.structs.replace(each, cid="") for each in attachments]
    return text, laid_out, tuple(files)


def _leaves(message: Message) -> Iterator[Message]:
    for count, part in enumerate(message.walk()):
        if count >= MOST_PARTS:
            raise InvalidInput(f"it has more than {MOST_PARTS} parts")
        if not part.is_multipart():
            yield part


def _payload(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _file_name(part: Message) -> str:
    given = part.get_filename()
    if not given:
        return ""
    return file_name(_decoded_words(given))


def _addresses(message: Message, name: str) -> list[MailAddress]:
    """The valid addresses of a header; names are decoded after the commas have been found (RFC 2047, section 5)."""
    found = []
    for shown, address in getaddresses(values_of(message, name)[:20]):
        try:
            canonical = canonical_email(address)
        except InvalidInput:
            continue  # undisclosed-recipients and the like: not an address, nothing to report
        found.append(MailAddress(" ".join(_decoded_words(shown).split())[:200], canonical))
    return found


def _date(message: Message, received_at: datetime | None) -> datetime:
    for value in (header_of(message, "Date"), header_of(message, "Received").rpartition(";")[2]):
        try:
            at = parsedate_to_datetime(value)
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            continue
    if received_at is None:
        raise InvalidInput("no date: the Date header is missing or not a date")
    return received_at


def ids_of(message: Message, name: str) -> tuple[str, ...]:
    """The Message-IDs of a header, without their brackets."""
    return tuple(_MESSAGE_ID.findall(header_of(message, name)[:20_000]))


def header_of(message: Message, name: str) -> str:
    """The text of a header, "" where it is missing."""
    return next(iter(values_of(message, name)), "")


def values_of(message: Message, name: str) -> list[str]:
    """A header's texts, unfolded; bytes beyond ASCII, which have no business there, are read as UTF-8 or 1251."""
    return [
        decoded(value.encode("utf-8", "surrogateescape"), None).replace("\n", "")
        for key, value in message.raw_items()
        if key.lower() == name.lower()
    ]


def _decoded_words(text: str) -> str:
    """RFC 2047 encoded words as text; what is not one, or broken, stays as it is."""
    try:
        parts = decode_header(text)
    except (MessageError, ValueError):
        return storable(text)
    return "".join(
        storable(part) if isinstance(part, str) else decoded(part, charset) for part, charset in parts
    )

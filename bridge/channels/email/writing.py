"""An answer as a mail: its own Message-ID, what it answers, and the two ways back into its conversation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from bridge.domain.message import OutboundFile, OutboundMessage
from bridge.domain.threads import number_of, token_of
from bridge.errors import Rejected

NAME: Final = "email"
_OURS: Final = re.compile(r"omniline-([0-9a-f-]{36})@.+")
_RE: Final = re.compile(r"^(?:(?:re|aw|отв|ответ|відп|на)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_POLICY: Final = SMTP.clone(cte_type="7bit")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")


def message_id(key: str, address: str) -> str:
    """Without brackets. The same for the same message of ours, however often it is sent."""
    return f"omniline-{key}@{address.rpartition('@')[2]}"


def key_of(named: str) -> str:
    """The key of a message of ours by its Message-ID, "" for any other."""
    found = _OURS.fullmatch(named)
    return found[1] if found else ""


def write(message: OutboundMessage, address: str, name: str, at: datetime, *, plus: bool) -> EmailMessage:
    """From `address`, which `name` is shown for; `plus` is whether mail to address+token arrives as well.

    Reads files: run it off the loop. Raises Rejected for what cannot be put into a mail.
    """
    mail = EmailMessage(policy=_POLICY)
    user, _, domain = address.rpartition("@")
    try:
        mail["From"] = Address(_line(name), user, domain)
        mail["To"] = message.to
        if message.cc:
            mail["Cc"] = ", ".join(message.cc)
        if plus:
            mail["Reply-To"] = Address(_line(name), f"{user}+{token_of(message.conversation_id)}", domain)
        mail["Subject"] = subject_of(message)
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = f"<{message_id(message.key, address)}>"
        _add_answered(mail, message.answers, address)
        mail.set_content(message.text)
        for file in message.attachments:
            _attach(mail, file)
    except (ValueError, IndexError) as error:
        raise Rejected(f"this cannot be written as a mail: {error}") from error
    return mail


def subject_of(message: OutboundMessage) -> str:
    number = f"[#{number_of(message.conversation_id)}]"
    subject = _RE.sub("", _line(message.subject))
    if number not in subject:
        subject = f"{subject} {number}".strip()
    return f"Re: {subject}" if message.answers else subject


def _add_answered(mail: EmailMessage, answers: Sequence[str], address: str) -> None:
    """What names itself by no Message-ID cannot be referred to."""
    named = [
        f"<{message_id(each, address) if _is_ours(each) else each}>"
        for each in answers
        if _can_be_named(each)
    ]
    if named:
        mail["In-Reply-To"] = named[0]
        mail["References"] = " ".join(reversed(named))


def _is_ours(key: str) -> bool:
    return "@" not in key


def _can_be_named(key: str) -> bool:
    return not key.startswith("sha256:") and key.isascii() and not _CONTROL.search(key)


def _attach(mail: EmailMessage, file: OutboundFile) -> None:
    main, _, sub = file.media_type.partition("/")
    try:
        data = file.path.read_bytes()
    except OSError as error:
        raise Rejected(f"a file is not here: {error.strerror}") from error
    mail.add_attachment(
        data, maintype=main or "application", subtype=sub or "octet-stream", filename=file.name
    )


def _line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())

"""What a mail says: a message of its sender's, or what became of one of ours. Takes seconds for a large one."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from email.message import Message
from typing import Final

from bridge.channels.email.bounces import read_bounce
from bridge.channels.email.proof import Judgement, Verdict, judge
from bridge.channels.email.writing import NAME, key_of
from bridge.domain.continuing import find_token
from bridge.domain.customer import Identity, Strength
from bridge.domain.delivery import DeliveryState
from bridge.domain.mail import Mail, header_of, parse_message, read_mail, values_of
from bridge.domain.mail_quoting import fold_signature
from bridge.domain.message import InboundFile, InboundMessage, StatusUpdate, Told, Unread
from bridge.domain.signature import find_phones
from bridge.domain.terms import terms_of
from bridge.domain.texts import storable
from bridge.domain.threads import conversation_of

CUT: Final = "X-Omniline-Cut"
"""The header of a mail of which only the beginning was fetched."""
MOST_CC: Final = 50
_NUMBER: Final = re.compile(r"\[#(\d{8})\]")
_STRENGTHS: Final = {
    Verdict.PROVEN: Strength.PROVEN,
    Verdict.NONE: Strength.CLAIMED,
    Verdict.FORGED: Strength.CLAIMED,
}
_BULK: Final = frozenset({"bulk", "junk", "list", "auto_reply"})


def read(
    data: bytes, address: str, arrived_at: datetime, *, region: str, server: str, own: Collection[str] = ()
) -> Sequence[Told]:
    """`address` is the inbox's, `own` are all of ours; `server` as in `judge`. Raises InvalidInput."""
    message = parse_message(data)
    bounce = read_bounce(message, arrived_at)
    if bounce is not None:
        return [bounce]
    mail = read_mail(message, data, received_at=arrived_at)
    if mail.sender.address in {address, *own} or key_of(mail.key):
        return [Unread("from ourselves")]
    judged = judge(message, mail.sender.address, server) if mail.alone else Judgement(Verdict.NONE)
    told: list[Told] = [_message_of(mail, message, address, region, judged)]
    if judged.verdict is not Verdict.FORGED:
        # Whoever answers a mail has got it, whatever we knew of it.
        told += [
            StatusUpdate(key=parent, delivery_id=key, state=DeliveryState.DELIVERED, at=mail.at)
            for parent in mail.parents[:1]
            if (key := key_of(parent))
        ]
    return told


def _message_of(mail: Mail, message: Message, address: str, region: str, judged: Judgement) -> InboundMessage:
    number = _NUMBER.search(mail.subject)
    text, signature = fold_signature(mail.text)
    return InboundMessage(
        key=mail.key,
        worldwide=True,
        thread=mail.thread,
        sender=Identity(NAME, mail.sender.address, strength=_STRENGTHS[judged.verdict]),
        name=mail.sender.name,
        subject=mail.subject,
        text=text,
        quoted="\n\n".join(filter(None, (signature, mail.quoted))),
        at=mail.at,
        answers=tuple(key_of(parent) or parent for parent in mail.parents),
        conversation=_told_by_address(mail, address),
        number=number[1] if number else "",
        link=_link_of(mail, address),
        phones=tuple(find_phones(mail.text, region)),
        cc=tuple(each for each in dict.fromkeys(mail.cc) if not _is_ours(each, address))[:MOST_CC],
        attachments=tuple(
            InboundFile(name=each.name, media_type=each.media_type, data=each.data, cid=each.cid)
            for each in mail.attachments
        ),
        html=InboundFile(name="message.html", data=mail.html.encode()) if mail.html.strip() else None,
        unsupported="message/partial" if header_of(message, CUT) else "",
        automatic=is_automatic(message),
        forged=judged.by,
        # Stemming takes longer than all else of a mail, and here it is in nobody's way.
        terms=tuple(terms_of(storable(f"{mail.subject}\n{text}"))),
    )


def is_automatic(message: Message) -> bool:
    """Whether a program wrote it (RFC 3834, and what programs wrote before it), so that none may answer."""
    said = header_of(message, "Auto-Submitted").strip().lower()
    return (
        (bool(said) and not said.startswith("no"))
        or header_of(message, "Precedence").strip().lower() in _BULK
        or any(
            values_of(message, name)
            for name in ("X-Autoreply", "X-Autorespond", "List-Id", "List-Unsubscribe")
        )
        or header_of(message, "Return-Path").strip() == "<>"
    )


def _told_by_address(mail: Mail, address: str) -> str:
    """The conversation of the token behind a plus: support+token@… (RFC 5233)."""
    for recipient in mail.recipients:
        token = recipient.address.rpartition("@")[0].partition("+")[2]
        if token and _is_ours(recipient.address, address) and (found := conversation_of(token)):
            return found
    return ""


def _link_of(mail: Mail, address: str) -> str:
    """The token of a continue-link: behind a plus, or in the subject of a mail that answers none."""
    tags = [each.address for each in mail.recipients if _is_ours(each.address, address)]
    return find_token(" ".join(tags).replace("+", " ").replace("@", " ")) or (
        "" if mail.parents else find_token(mail.subject)
    )


def _is_ours(recipient: str, address: str) -> bool:
    """Whether it is the inbox's address, also with something behind a plus."""
    local, _, host = recipient.rpartition("@")
    return f"{local.partition('+')[0]}@{host}" == address

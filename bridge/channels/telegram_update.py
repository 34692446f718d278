"""What an update of Telegram's Bot API says. Its words end here: https://core.telegram.org/bots/api#update

A private chat with the bot is a thread. So is a private chat of a business account that the bot is connected to: what its
owner writes there is ours, though no desk has written it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

from bridge.domain.address import canonical
from bridge.domain.continuing import find_token
from bridge.domain.customer import Identity, Strength
from bridge.domain.message import DeletedMessage, InboundFile, InboundMessage, Told, Unread
from bridge.errors import InvalidInput

NAME: Final = "telegram"
KINDS: Final = (
    "message",
    "edited_message",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
)
"""What we ask Telegram for."""
_EDITED: Final[Mapping[str, bool]] = MappingProxyType(
    {"message": False, "edited_message": True, "business_message": False, "edited_business_message": True}
)
_DELETED: Final = "deleted_business_messages"
_FILES: Final = ("animation", "audio", "document", "sticker", "video", "video_note", "voice")
"""What has a file, the more telling first: an animation is a document as well."""
_OTHERS: Final = (
    "paid_media", "story", "checklist", "dice", "game", "poll", "venue", "location", "invoice",
)  # fmt: skip
"""What else a message may have besides its text: a venue has a location as well."""


class _User(msgspec.Struct, frozen=True):
    id: int
    first_name: str = ""
    last_name: str = ""
    is_bot: bool = False


class _Chat(msgspec.Struct, frozen=True):
    id: int
    type: str = "private"
    title: str = ""
    first_name: str = ""
    last_name: str = ""


class _Contact(msgspec.Struct, frozen=True):
    phone_number: str
    first_name: str = ""
    last_name: str = ""
    user_id: int | None = None


class _Answered(msgspec.Struct, frozen=True):
    message_id: int


class _Origin(msgspec.Struct, frozen=True):
    sender_user: _User | None = None
    sender_user_name: str = ""
    sender_chat: _Chat | None = None
    chat: _Chat | None = None


class _Message(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    message_id: int
    date: int
    chat: _Chat
    sender: _User | None = None
    edit_date: int | None = None
    text: str = ""
    caption: str = ""
    media_group_id: str = ""
    contact: _Contact | None = None
    business_connection_id: str = ""
    sender_business_bot: Any = None
    reply_to_message: _Answered | None = None
    forward_origin: _Origin | None = None


class _Deleted(msgspec.Struct, frozen=True):
    business_connection_id: str
    chat: _Chat
    message_ids: tuple[int, ...]


def decode_update(body: bytes) -> dict[str, Any]:
    """Raises InvalidInput."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"not an update of Telegram's: {error}") from error


def read_update(body: bytes, arrived_at: datetime, region: str) -> Sequence[Told]:
    """What it says. Of a kind that we do not know, what it is, if it is of somebody. Raises InvalidInput."""
    update = decode_update(body)
    kind = next((key for key in update if key != "update_id"), "")
    try:
        if kind == _DELETED:
            return _deleted(msgspec.convert(update[kind], _Deleted), arrived_at)
        message = msgspec.convert(update.get(kind), _Message)
    except msgspec.ValidationError as error:
        if kind in _EDITED or kind == _DELETED:
            raise InvalidInput(str(error), where=kind) from error
        return [Unread(kind)]
    sender = message.sender
    if sender is None or sender.is_bot or message.chat.type != "private" or message.sender_business_bot:
        return [Unread(f"{kind} in {message.chat.type}")]
    if kind not in _EDITED:
        return [_unknown(message, sender, kind, str(update.get("update_id")))]
    return [_read(message, sender, update[kind], region, edited=_EDITED[kind])]


def _deleted(deleted: _Deleted, arrived_at: datetime) -> Sequence[Told]:
    thread = _thread(deleted.chat, deleted.business_connection_id)
    return [DeletedMessage(key=f"{thread}/{each}", at=arrived_at) for each in deleted.message_ids]


def _unknown(message: _Message, sender: _User, kind: str, update_id: str) -> InboundMessage:
    return InboundMessage(
        key=f"update/{update_id}",
        thread=_thread(message.chat, message.business_connection_id),
        sender=_identity(sender.id),
        name=_full_name(sender),
        text=message.text or message.caption,
        at=_time(message.date),
        unsupported=kind,
    )


def _read(
    message: _Message, sender: _User, raw: Mapping[str, Any], region: str, *, edited: bool
) -> InboundMessage:
    text, contact = message.text or message.caption, message.contact
    if contact is not None:
        text = " ".join(filter(None, (contact.first_name, contact.last_name, contact.phone_number)))
    # What the button of a deep link sends: https://core.telegram.org/bots/features#deep-linking
    link = find_token(text) if text.startswith("/start ") else ""
    thread, files = _thread(message.chat, message.business_connection_id), _files(raw)
    other = next((kind for kind in _OTHERS if kind in raw), "")
    # In a business account's chat with a customer, the chat is the customer.
    ours = bool(message.business_connection_id) and sender.id != message.chat.id
    answered = message.reply_to_message
    return InboundMessage(
        key=f"{thread}/{message.message_id}",
        thread=thread,
        sender=_identity(message.chat.id if ours else sender.id),
        name=_full_name(message.chat if ours else sender),
        author=_full_name(sender) if ours else "",
        text="" if link else text,
        at=_time(message.edit_date if edited and message.edit_date else message.date),
        edited=edited,
        unsupported=other or ("" if text or files else "message"),
        attachments=files,
        quotes="" if answered is None else f"{thread}/{answered.message_id}",
        forwarded=None if message.forward_origin is None else _writer(message.forward_origin),
        link=link,
        album=message.media_group_id,
        proves=None if contact is None or contact.user_id != sender.id else _own_phone(contact, region),
    )


def _files(raw: Mapping[str, Any]) -> tuple[InboundFile, ...]:
    """The file of a message; of a photo the largest size."""
    kind = next((kind for kind in _FILES if isinstance(raw.get(kind), dict)), "")
    sizes = raw.get("photo")
    given = raw[kind] if kind else sizes[-1] if isinstance(sizes, list) and sizes else {}
    reference = given.get("file_id") if isinstance(given, dict) else None
    if not isinstance(reference, str):
        return ()
    name, media_type, size = given.get("file_name"), given.get("mime_type"), given.get("file_size")
    return (
        InboundFile(
            name=name if isinstance(name, str) else kind or "photo",
            media_type=media_type if isinstance(media_type, str) else "",
            size=size if isinstance(size, int) else 0,
            reference=reference,
        ),
    )


def _writer(origin: _Origin) -> str:
    """Who wrote what was forwarded; "" where Telegram does not tell."""
    chat = origin.sender_chat or origin.chat
    if origin.sender_user is not None:
        return _full_name(origin.sender_user)
    return origin.sender_user_name or (chat.title if chat is not None else "")


def _own_phone(contact: _Contact, region: str) -> Identity | None:
    """The number of a contact that its owner shares: Telegram has checked it. Anybody may share somebody else's."""
    try:
        number = f"+{contact.phone_number.lstrip('+')}"
        return canonical("phone", number, region, strength=Strength.PROVEN)
    except InvalidInput:
        return None


def _identity(user_id: int) -> Identity:
    return Identity(NAME, str(user_id), strength=Strength.PROVEN)


def _thread(chat: _Chat, connection: str) -> str:
    return f"{connection}/{chat.id}" if connection else str(chat.id)


def _full_name(who: _User | _Chat) -> str:
    return " ".join(filter(None, (who.first_name, who.last_name)))


def _time(seconds: int) -> datetime:
    """Raises InvalidInput for a second that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise InvalidInput("not a time", where="date") from error

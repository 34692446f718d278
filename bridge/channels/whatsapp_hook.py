"""What a webhook of WhatsApp's Cloud API says: messages of people, states of ours. Its words end here.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

from bridge.domain.address import canonical
from bridge.domain.continuing import take_token
from bridge.domain.customer import Identity, Strength
from bridge.domain.delivery import DeliveryState
from bridge.domain.message import InboundFile, InboundMessage, StatusUpdate, Told, Unread
from bridge.errors import InvalidInput

NAME: Final = "whatsapp"
MEDIA: Final = ("image", "video", "audio", "document", "sticker")
_STATES: Final[Mapping[str, DeliveryState]] = MappingProxyType(
    {
        "sent": DeliveryState.SENT,
        "delivered": DeliveryState.DELIVERED,
        "read": DeliveryState.READ,
        "played": DeliveryState.READ,
        "failed": DeliveryState.FAILED,
    }
)


class _Profile(msgspec.Struct, frozen=True):
    name: str = ""


class _Contact(msgspec.Struct, frozen=True):
    profile: _Profile = _Profile()
    wa_id: str = ""
    user_id: str = ""


class _Context(msgspec.Struct, frozen=True):
    id: str = ""
    forwarded: bool = False
    frequently_forwarded: bool = False


class _Details(msgspec.Struct, frozen=True):
    details: str = ""


class _Error(msgspec.Struct, frozen=True):
    code: int = 0
    title: str = ""
    message: str = ""
    error_data: _Details = _Details()


class _Message(msgspec.Struct, frozen=True, rename={"number": "from"}):
    """`number` is missing where the person shows none, `from_user_id` (of this company alone) in older bodies."""

    id: str
    timestamp: str
    type: str = "unknown"
    number: str = ""
    from_user_id: str = ""
    group_id: str = ""
    context: _Context = _Context()
    errors: tuple[_Error, ...] = ()


class _Status(msgspec.Struct, frozen=True):
    id: str
    status: str
    timestamp: str
    biz_opaque_callback_data: str = ""
    errors: tuple[_Error, ...] = ()


class _Value(msgspec.Struct, frozen=True):
    contacts: tuple[_Contact, ...] = ()
    messages: tuple[dict[str, Any], ...] = ()
    statuses: tuple[_Status, ...] = ()


class _Change(msgspec.Struct, frozen=True):
    field: str = ""
    value: Any = None


class _Entry(msgspec.Struct, frozen=True):
    changes: tuple[_Change, ...] = ()


class _Body(msgspec.Struct, frozen=True):
    entry: tuple[_Entry, ...]


def read_body(body: bytes, region: str) -> list[Told]:
    """All that a body says, in its order. Raises InvalidInput."""
    try:
        said = msgspec.json.decode(body, type=_Body)
        return [told for entry in said.entry for change in entry.changes for told in _changed(change, region)]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"not a webhook of WhatsApp's: {error}") from error


def _changed(change: _Change, region: str) -> Iterator[Told]:
    if change.field != "messages":
        yield Unread(change.field)
        return
    value = msgspec.convert(change.value, _Value)
    for raw in value.messages:
        yield _read_message(raw, value.contacts, region)
    for status in value.statuses:
        yield _read_status(status)
    if not value.messages and not value.statuses:
        yield Unread("messages of nobody")


def _read_message(raw: dict[str, Any], contacts: tuple[_Contact, ...], region: str) -> Told:
    message = msgspec.convert(raw, _Message)
    sender = message.from_user_id or message.number
    if not sender or message.group_id:
        return Unread(f"{message.type} in a group" if message.group_id else f"{message.type} of nobody")
    text, unsupported = _say(message, raw)
    number = _phone(message.number, region)
    forwarded = message.context.forwarded or message.context.frequently_forwarded
    link, text = ("", text) if forwarded else take_token(text)
    return InboundMessage(
        key=message.id,
        thread=sender,
        sender=Identity(NAME, sender, strength=Strength.PROVEN),
        also=() if number is None else (number,),
        name=_name(message, contacts),
        text=text,
        at=_time(message.timestamp),
        unsupported=unsupported,
        attachments=_files(message.type, raw),
        quotes=_at(raw, "reaction", "message_id") or message.context.id,
        link=link,
        reaction=message.type == "reaction",
        forwarded="" if forwarded else None,
        proves=_new_address(raw, region) if message.type == "system" else None,
    )


def _say(message: _Message, raw: Mapping[str, Any]) -> tuple[str, str]:
    """The text of a message, and what of it cannot be shown."""
    if message.type in MEDIA:
        return _at(raw, message.type, "caption"), ""
    say = _SAID.get(message.type)
    if say is None:
        what = _at(raw, "unsupported", "type") or _first(message.errors) or message.type
        return _at(raw, message.type, "caption"), what
    text = say(raw)
    return text, "" if text else message.type


def _files(kind: str, raw: Mapping[str, Any]) -> tuple[InboundFile, ...]:
    reference = _at(raw, kind, "id") if kind in MEDIA else ""
    if not reference:
        return ()
    name = _at(raw, kind, "filename") or kind
    return (InboundFile(name=name, media_type=_at(raw, kind, "mime_type"), reference=reference),)


def _place(raw: Mapping[str, Any]) -> str:
    at = raw["location"] if isinstance(raw.get("location"), dict) else {}
    point = f"{at.get('latitude')}, {at.get('longitude')}"
    return _lines(_at(raw, "location", "name"), _at(raw, "location", "address"), point)


def _chosen(raw: Mapping[str, Any]) -> str:
    kind = _at(raw, "interactive", "type")
    return _lines(*(_at(raw, "interactive", kind, name) for name in ("title", "description")))


def _ordered(raw: Mapping[str, Any]) -> str:
    order = raw["order"] if isinstance(raw.get("order"), dict) else {}
    items = [item for item in order.get("product_items", ()) if isinstance(item, dict)]
    lines = (f"{item.get('quantity')} × {item.get('product_retailer_id')}" for item in items)
    return _lines(*lines, _at(raw, "order", "text"))


def _cards(raw: Mapping[str, Any]) -> str:
    """Contacts that were sent along: nobody's own, so that they prove nothing."""
    return _lines(*(_card(card) for card in raw.get("contacts", ()) if isinstance(card, dict)))


_SAID: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = MappingProxyType(
    {
        "text": lambda raw: _at(raw, "text", "body"),
        "system": lambda raw: _at(raw, "system", "body"),
        "button": lambda raw: _at(raw, "button", "text"),
        "reaction": lambda raw: _at(raw, "reaction", "emoji"),
        "location": _place,
        "contacts": _cards,
        "interactive": _chosen,
        "order": _ordered,
    }
)


def _card(card: Mapping[str, Any]) -> str:
    phones = [phone for phone in card.get("phones", ()) if isinstance(phone, dict)]
    shown = (_at(card, "name", "formatted_name"), *(_at(phone, "phone") for phone in phones))
    return " ".join(filter(None, shown))


def _read_status(status: _Status) -> Told:
    state = _STATES.get(status.status)
    if state is None:
        return Unread(f"status {status.status}")
    return StatusUpdate(
        key=status.id,
        state=state,
        at=_time(status.timestamp),
        reason=_first(status.errors),
        delivery_id=status.biz_opaque_callback_data,
    )


def _first(errors: tuple[_Error, ...]) -> str:
    if not errors:
        return ""
    error = errors[0]
    return f"{error.code}: {error.error_data.details or error.title or error.message}"


def _name(message: _Message, contacts: tuple[_Contact, ...]) -> str:
    return next(
        (
            each.profile.name
            for each in contacts
            if (each.user_id and each.user_id == message.from_user_id)
            or (each.wa_id and each.wa_id == message.number)
        ),
        "",
    )


def _new_address(raw: Mapping[str, Any], region: str) -> Identity | None:
    """Where somebody has moved to: WhatsApp says so itself."""
    user_id = _at(raw, "system", "user_id")
    if user_id:
        return Identity(NAME, user_id, strength=Strength.PROVEN)
    return _phone(_at(raw, "system", "wa_id"), region)


def _phone(digits: str, region: str) -> Identity | None:
    """WhatsApp has checked that it is theirs. None for what is no number, such as the ids of those who show none."""
    if not digits.isdecimal():
        return None
    try:
        return canonical("phone", f"+{digits}", region, strength=Strength.PROVEN)
    except InvalidInput:
        return None


def _at(raw: Mapping[str, Any], *path: str) -> str:
    """The text at this path, "" where there is none."""
    found: Any = raw
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))


def _time(seconds: str) -> datetime:
    """Raises InvalidInput for a second that no calendar has."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise InvalidInput("not a time", where="timestamp") from error

"""A Telegram bot (Bot API, https://core.telegram.org/bots/api): docs/howto/telegram.md.

Telegram shows the secret that the webhook was set with in X-Telegram-Bot-Api-Secret-Token and signs nothing else, so that a
body is worth what the secret and TLS are worth. It sends an update again until it is answered with 200, under the same
update_id.

A private chat is one thread. What comes from groups, channels and other bots is kept as it arrived.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import msgspec

from bridge.channels import signing
from bridge.domain.address import canonical
from bridge.domain.customer import Identity, Strength
from bridge.domain.message import InboundMessage, OutboundMessage, Told, Unread
from bridge.domain.ports import Channel, Hook
from bridge.errors import AnswerLost, InvalidInput, RateLimited, Rejected, Transient
from bridge.settings import Settings

if TYPE_CHECKING:
    from aiogram import Bot

NAME: Final = "telegram"
TIMEOUT: Final = 20.0
"""Seconds for one request."""
SECRET: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
_EDITED: Final[Mapping[str, bool]] = MappingProxyType({"message": False, "edited_message": True})
_MEDIA: Final = (
    "animation", "audio", "document", "paid_media", "photo", "sticker", "story", "video", "video_note", "voice",
    "checklist", "dice", "game", "poll", "venue", "location", "invoice",
)  # fmt: skip
"""What a message may have besides its text, the more telling first: a venue has a location as well."""


class _User(msgspec.Struct, frozen=True):
    id: int
    first_name: str = ""
    last_name: str = ""
    is_bot: bool = False


class _Chat(msgspec.Struct, frozen=True):
    id: int
    type: str = "private"


class _Contact(msgspec.Struct, frozen=True):
    phone_number: str
    first_name: str = ""
    last_name: str = ""
    user_id: int | None = None


class _Message(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    message_id: int
    date: int
    chat: _Chat
    sender: _User | None = None
    edit_date: int | None = None
    text: str = ""
    caption: str = ""
    contact: _Contact | None = None


class TelegramChannel:
    """`region` is where numbers without a country code are at home; `api` is the Bot API server."""

    name = NAME

    def __init__(self, region: str, api: str, *, timeout: float = TIMEOUT) -> None:
        self._region = region
        self._api = api
        self._timeout = timeout
        self._bots: dict[str, Bot] = {}

    def admit(self, hook: Hook, secret: str) -> str:
        signing.check(hook.headers.get(SECRET), secret)
        try:
            return str(_decode(hook.body)["update_id"])
        except (InvalidInput, KeyError):
            return signing.digest(hook.body)

    def read(self, body: bytes, inbox: str, arrived_at: datetime) -> Sequence[Told]:
        update = _decode(body)
        kind = next((key for key in update if key != "update_id"), "")
        if kind not in _EDITED:
            return [Unread(kind)]
        raw = update[kind]
        try:
            message = msgspec.convert(raw, _Message)
        except msgspec.ValidationError as error:
            raise InvalidInput(str(error), where=kind) from error
        sender = message.sender
        if sender is None or sender.is_bot or message.chat.type != "private":
            return [Unread(f"{kind} in {message.chat.type}")]
        return [self._message(message, sender, raw, edited=_EDITED[kind])]

    def thread_with(self, address: str) -> str | None:
        # A private chat has the user's number; a user name leads nowhere, and a bot may not write to strangers.
        return address if address.isdecimal() else None

    async def send(self, token: str, message: OutboundMessage) -> str:
        if message.attachments:
            raise Rejected("files cannot be sent to Telegram from here")
        # It takes seconds to load, which neither a call nor a server without a bot should wait for.
        errors = await asyncio.to_thread(importlib.import_module, "aiogram.exceptions")
        bot = self._bots.get(token) or self._make_bot(token)
        try:
            sent = await bot.send_message(chat_id=int(message.thread), text=message.text)
        except errors.TelegramRetryAfter as error:
            raise RateLimited(error.message, retry_after=error.retry_after) from error
        except errors.TelegramServerError as error:
            raise Transient(error.message) from error
        except errors.TelegramNetworkError as error:
            # Telegram knows no idempotency key: whoever asks again may write twice.
            if isinstance(error.__cause__, aiohttp.ClientConnectorError):
                raise Transient("Telegram cannot be reached") from error
            raise AnswerLost("Telegram did not answer") from error
        except errors.ClientDecodeError as error:
            raise AnswerLost("Telegram's answer cannot be read") from error
        except errors.TelegramAPIError as error:
            raise Rejected(error.message) from error
        return str(sent.message_id)

    async def close(self) -> None:
        for bot in self._bots.values():
            await bot.session.close()
        self._bots.clear()

    def _make_bot(self, token: str) -> Bot:
        """Raises Rejected for what is no token."""
        from aiogram import Bot
        from aiogram.client.session.aiohttp import AiohttpSession
        from aiogram.client.telegram import TelegramAPIServer
        from aiogram.utils.token import TokenValidationError

        session = AiohttpSession(api=TelegramAPIServer.from_base(self._api), timeout=self._timeout)
        try:
            bot = self._bots[token] = Bot(token, session=session)
        except TokenValidationError as error:
            raise Rejected("the inbox's token is not one of Telegram's") from error
        return bot

    def _message(
        self, message: _Message, sender: _User, raw: Mapping[str, Any], *, edited: bool
    ) -> InboundMessage:
        text, contact = message.text or message.caption, message.contact
        if contact is not None:
            text = " ".join(filter(None, (contact.first_name, contact.last_name, contact.phone_number)))
        media = next((kind for kind in _MEDIA if kind in raw), "")
        return InboundMessage(
            key=f"{message.chat.id}/{message.message_id}",
            thread=str(message.chat.id),
            sender=Identity(NAME, str(sender.id), strength=Strength.PROVEN),
            name=" ".join(filter(None, (sender.first_name, sender.last_name))),
            text=text,
            at=_time(message.edit_date if edited and message.edit_date else message.date),
            edited=edited,
            unsupported=media or ("" if text else "message"),
            proves=self._own_phone(contact, sender),
        )

    def _own_phone(self, contact: _Contact | None, sender: _User) -> Identity | None:
        """The number of a contact that its owner shares: Telegram has checked it. Anybody may share somebody else's."""
        if contact is None or contact.user_id != sender.id:
            return None
        try:
            number = f"+{contact.phone_number.lstrip('+')}"
            return canonical("phone", number, self._region, strength=Strength.PROVEN)
        except InvalidInput:
            return None


def _decode(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"not an update of Telegram's: {error}") from error


def _time(seconds: int) -> datetime:
    """Raises InvalidInput for a second that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise InvalidInput("not a time", where="date") from error


def make_channel(settings: Settings) -> Channel:
    return TelegramChannel(settings.company.region, settings.telegram.api)

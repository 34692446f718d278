"""A Telegram bot (Bot API, https://core.telegram.org/bots/api): docs/howto/telegram.md.

Telegram shows the secret that the webhook was set with in X-Telegram-Bot-Api-Secret-Token and signs nothing else, so that a
body is worth what the secret and TLS are worth. It sends an update again until it is answered with 200, under the same
update_id. Where it cannot reach us, we ask: the same updates, under the same ids.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import msgspec

from bridge.channels import signing
from bridge.channels.fetching import fetch_file
from bridge.channels.telegram_update import KINDS, NAME, decode_update, read_update
from bridge.domain.files import PICTURES
from bridge.domain.message import OutboundMessage, Told
from bridge.domain.ports import Channel, First, Hook
from bridge.errors import AnswerLost, InvalidInput, RateLimited, Rejected, Transient
from bridge.settings import Settings

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.types import Message

TIMEOUT: Final = 20.0
"""Seconds for one request."""
POLL_SECONDS: Final = 25
"""How long Telegram keeps a question that it has no news for."""
SECRET: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


class TelegramChannel:
    """`region` is where numbers without a country code are at home; `api` is the Bot API server."""

    name = NAME
    one_file_each = True
    first = First.WHO_HAS_WRITTEN

    def __init__(
        self, region: str, api: str, *, timeout: float = TIMEOUT, poll_seconds: int = POLL_SECONDS
    ) -> None:
        self._region = region
        self._api = api
        self._timeout = timeout
        self._poll_seconds = poll_seconds
        self._bots: dict[str, Bot] = {}
        self._asked: set[str] = set()

    def admit(self, hook: Hook, secret: str) -> str:
        signing.check(hook.headers.get(SECRET), secret)
        try:
            return str(decode_update(hook.body)["update_id"])
        except (InvalidInput, KeyError):
            return signing.digest(hook.body)

    def read(self, body: bytes, inbox: str, arrived_at: datetime) -> Sequence[Told]:
        return read_update(body, arrived_at, self._region)

    def invite(self, address: str, token: str, begin: str) -> str:
        return f"https://t.me/{address.lstrip('@')}?start={token}"

    def thread_with(self, address: str) -> str | None:
        # A private chat has the user's number; a user name leads nowhere.
        return address if address.isdecimal() else None

    async def send(self, token: str, message: OutboundMessage) -> str:
        connection, _, chat = message.thread.rpartition("/")
        where = {"chat_id": int(chat), "business_connection_id": connection or None}
        async with self._asking(token) as bot:
            sent = await (_send_file if message.attachments else _send_text)(bot, message, where)
            # Named as what comes in is, so that an answer to it says to which.
            return f"{message.thread}/{sent.message_id}"

    async def introduce(self, token: str) -> str:
        try:
            async with self._asking(token) as bot:
                me = await bot.get_me()
        except (RateLimited, AnswerLost) as error:
            raise Transient("Telegram cannot be reached") from error
        return f"@{me.username}"

    async def poll(self, token: str, after: str) -> Sequence[tuple[str, bytes]]:
        async with self._asking(token) as bot:
            from aiogram.methods import DeleteWebhook, GetUpdates

            class RawUpdates(GetUpdates):
                """As they come: a kind that aiogram does not know is kept as well."""

                __returning__ = list[dict[str, Any]]

            if token not in self._asked:
                # Telegram tells nobody who asks while a webhook is set; what waits for it is asked for.
                await bot(DeleteWebhook(drop_pending_updates=False))
                self._asked.add(token)
            ask = RawUpdates(
                offset=int(after) + 1 if after else None,
                timeout=self._poll_seconds,
                allowed_updates=list(KINDS),
            )
            updates: Any = await bot(ask, request_timeout=self._poll_seconds + int(self._timeout))
            return [(str(each["update_id"]), msgspec.json.encode(each)) for each in updates]

    async def fetch_file(self, token: str, reference: str) -> bytes:
        bot = f"{self._api.rstrip('/')}/bot{token}"
        answer = await fetch_file(f"{bot}/getFile?file_id={reference}", trusted=self._api)
        try:
            path = msgspec.json.decode(answer)["result"]["file_path"]
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            raise Rejected("Telegram does not say where the file is") from error
        place = f"{self._api.rstrip('/')}/file/bot{token}/{path}"
        return await fetch_file(place, trusted=self._api)

    async def close(self) -> None:
        for bot in self._bots.values():
            await bot.session.close()
        self._bots.clear()

    @asynccontextmanager
    async def _asking(self, token: str) -> AsyncIterator[Bot]:
        """The bot; what goes wrong with it is raised as `Sends.send` says."""
        # It takes seconds to load, which neither a call nor a server without a bot should wait for.
        errors = await asyncio.to_thread(importlib.import_module, "aiogram.exceptions")
        try:
            yield self._bots.get(token) or self._make_bot(token)
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


async def _send_text(bot: Bot, message: OutboundMessage, where: dict[str, Any]) -> Message:
    return await bot.send_message(text=message.text, **where)


async def _send_file(bot: Bot, message: OutboundMessage, where: dict[str, Any]) -> Message:
    from aiogram.types import FSInputFile

    (file,) = message.attachments
    given, caption = FSInputFile(file.path, filename=file.name), message.text or None
    if file.media_type in PICTURES:
        return await bot.send_photo(photo=given, caption=caption, **where)
    return await bot.send_document(document=given, caption=caption, **where)


def make_channel(settings: Settings) -> Channel:
    return TelegramChannel(settings.company.region, settings.telegram.api)

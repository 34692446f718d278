"""WhatsApp's Cloud API (https://developers.facebook.com/documentation/business-messaging/whatsapp): docs/howto/whatsapp.md.

The key of an inbox is the number's own id with Meta. Webhooks are signed: X-Hub-Signature-256 is the HMAC-SHA256 of the raw
body, keyed by the app's secret, in hexadecimal. A thread is a person, by the id that they have for this company alone, or
by their number where Meta gives no such id.

Our id of a message goes along as `biz_opaque_callback_data` and comes back with all that is told of it, so that a lost
answer is mended by the first of these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import msgspec

from bridge.channels import signing
from bridge.channels.fetching import fetch_file
from bridge.channels.whatsapp_hook import MEDIA, NAME, read_body
from bridge.domain.message import OutboundFile, OutboundMessage, Template, Told
from bridge.domain.ports import Channel, First, Hook
from bridge.errors import AnswerLost, Forbidden, RateLimited, Rejected, Transient
from bridge.settings import Settings, WhatsAppAddress

SIGNATURE: Final = "X-Hub-Signature-256"
TIMEOUT: Final = 12.0
"""Seconds for one request; a message with a file is two."""
PATIENCE: Final = 60.0
"""Seconds to wait where Meta asks to slow down and does not say how long."""
_TOO_OFTEN: Final = frozenset({4, 80007, 130429, 131056})
_AWAY: Final = frozenset({1, 2, 131016, 131057, 133004})
_LONGEST_LIST: Final = 250
_BLANK: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class WhatsAppChannel:
    """`region` is where numbers without a country code are at home; `api` is the Graph API with its version."""

    name = NAME
    one_file_each = True
    window = timedelta(hours=24)
    first = First.ANYBODY

    def __init__(self, region: str, api: str, address: WhatsAppAddress, *, timeout: float = TIMEOUT) -> None:
        """`address` is the field in which somebody without a number is named."""
        self._region = region
        self._api = api.rstrip("/")
        self._address = address
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    def admit(self, hook: Hook, secret: str) -> str:
        signing.check(hook.headers.get(SIGNATURE), f"sha256={signing.sign_hex(hook.body, secret)}")
        return signing.digest(hook.body)

    def challenge(self, query: Mapping[str, str], token: str) -> str:
        if query.get("hub.mode") != "subscribe":
            raise Forbidden("this is no subscription")
        signing.check(query.get("hub.verify_token"), token)
        return query.get("hub.challenge", "")

    def read(self, body: bytes, inbox: str, arrived_at: datetime) -> Sequence[Told]:
        return read_body(body, self._region)

    def invite(self, address: str, token: str, begin: str) -> str:
        """https://faq.whatsapp.com/5913398998672934: the digits of the number, and the text that stands there to be sent."""
        return f"https://wa.me/{address.lstrip('+')}?text={quote(f'{begin} {token}')}"

    def thread_with(self, address: str) -> str | None:
        return address.lstrip("+")

    async def send(self, token: str, message: OutboundMessage) -> str:
        content = await self._content(token, message)
        digits = message.thread.isdecimal()
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            ("to" if digits else self._address): message.thread,
            "biz_opaque_callback_data": message.key,
            **content,
        }
        answer = await self._ask("POST", f"{message.inbox}/messages", token, json=body)
        try:
            (sent,) = answer["messages"]
            return str(sent["id"])
        except (KeyError, TypeError, ValueError) as error:
            raise AnswerLost("WhatsApp's answer cannot be read") from error

    async def list_templates(self, token: str, inbox: str) -> list[Template]:
        number = await self._ask("GET", inbox, token, params={"fields": "health_status"})
        parts = number.get("health_status", {}).get("entities", ())
        account = next((part["id"] for part in parts if part.get("entity_type") == "WABA"), None)
        if account is None:
            raise Rejected("Meta names no WhatsApp account for this number")
        fields = {"fields": "name,language,status,category,components", "limit": str(_LONGEST_LIST)}
        listed = await self._ask("GET", f"{account}/message_templates", token, params=fields)
        return [made for raw in listed.get("data", ()) if (made := _template(raw)) is not None]

    async def fetch_file(self, token: str, reference: str) -> bytes:
        try:
            found = await self._ask("GET", reference, token)
        except AnswerLost as error:
            raise Transient(str(error)) from error
        headers = {"Authorization": f"Bearer {token}"}
        return await fetch_file(str(found.get("url")), headers=headers, trusted=self._api)

    async def close(self) -> None:
        """Nothing stays open."""

    async def _content(self, token: str, message: OutboundMessage) -> dict[str, Any]:
        used = message.template
        if used is not None:
            named = [
                {"type": "text", "text": text, **({} if blank.isdecimal() else {"parameter_name": blank})}
                for blank, text in used.values.items()
            ]
            body = [{"type": "body", "parameters": named}] if named else []
            language = {"code": used.language}
            return {
                "type": "template",
                "template": {"name": used.name, "language": language, "components": body},
            }
        if message.attachments:
            return await self._media(token, message.inbox, message.attachments[0], message.text)
        return {"type": "text", "text": {"body": message.text}}

    async def _media(self, token: str, inbox: str, file: OutboundFile, caption: str) -> dict[str, Any]:
        """Give the file to Meta; it is sent by the id that it gets."""
        form = aiohttp.FormData({"messaging_product": "whatsapp", "type": file.media_type})
        kind = file.media_type.partition("/")[0]
        if kind not in MEDIA or (kind == "audio" and caption):
            kind = "document"
        with file.path.open("rb") as data:
            form.add_field("file", data, filename=file.name, content_type=file.media_type)
            try:
                media_id = (await self._ask("POST", f"{inbox}/media", token, data=form)).get("id")
            except AnswerLost as error:
                # Nobody has got anything yet.
                raise Transient(str(error)) from error
        more = {"caption": caption} if caption else {}
        if kind == "document":
            more["filename"] = file.name
        return {"type": kind, kind: {"id": media_id, **more}}

    async def _ask(self, method: str, path: str, token: str, **what: Any) -> dict[str, Any]:
        """Meta's answer. Raises what `Sends.send` raises."""
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout, headers=headers) as http,
                http.request(method, f"{self._api}/{path}", **what) as response,
            ):
                status, body = response.status, await response.read()
                wait = response.headers.get("Retry-After", "")
        except aiohttp.ClientConnectorError as error:
            raise Transient("WhatsApp cannot be reached") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AnswerLost("WhatsApp did not answer") from error
        try:
            answer = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            # A gateway of theirs: whether what is behind it has the message is not known.
            raise AnswerLost("WhatsApp's answer cannot be read") from error
        if status >= 400 or "error" in answer:
            raise _reaction(status, answer.get("error"), wait)
        return answer


def _reaction(status: int, error: Any, wait: str) -> Exception:
    """What to do about an error that Meta itself has answered with."""
    error = error if isinstance(error, dict) else {}
    code, data = error.get("code"), error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    said = f"{code}: {details or error.get('message') or status}"
    if code in _TOO_OFTEN or status == 429:
        return RateLimited(said, retry_after=float(wait) if wait.isdecimal() else PATIENCE)
    if code in _AWAY or status >= 500:
        return Transient(said)
    return Rejected(said)


def _template(raw: Mapping[str, Any]) -> Template | None:
    """None for one that is not approved, or has more to be filled in than its text."""
    parts = {part.get("type"): part for part in raw.get("components", ())}
    body = parts.pop("BODY", None)
    rest = msgspec.json.encode(list(parts.values())).decode()
    media = parts.get("HEADER", {}).get("format", "TEXT") != "TEXT"
    if raw.get("status") != "APPROVED" or body is None or media or _BLANK.search(rest):
        return None
    text = str(body.get("text", ""))
    return Template(
        name=str(raw["name"]),
        language=str(raw["language"]),
        marketing=raw.get("category") == "MARKETING",
        text=text,
        blanks=tuple(dict.fromkeys(_BLANK.findall(text))),
    )


def make_channel(settings: Settings) -> Channel:
    mine = settings.whatsapp
    return WhatsAppChannel(settings.company.region, mine.api, mine.address)

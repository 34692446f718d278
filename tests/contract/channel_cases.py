"""What the suite of channels sends: each channel's own bodies, signed as its provider does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from bridge.channels import signing
from bridge.channels import whatsapp as whatsapp_channel
from bridge.channels.shop import SIGNATURE
from bridge.channels.telegram import SECRET
from bridge.domain.ids import new_id
from bridge.domain.times import utc_now
from tests.contract.desk_server import HOOK_SECRET

TELEGRAM = Path(__file__).parents[1] / "fixtures/telegram"
WHATSAPP = Path(__file__).parents[1] / "fixtures/whatsapp"


def order(number: str = "1043", status: str = "unpaid", **more: Any) -> bytes:
    """As docs/howto/connect-a-shop.md has it."""
    line = {
        "order": number,
        "status": status,
        "at": "2026-11-27T08:00:00Z",
        "customer": {"phone": "+380501112233", "email": "olena@example.org"},
        "total": 129900,
        "currency": "UAH",
        "items": [{"sku": "K-1", "name": "Чайник", "quantity": 1, "price": 129900}],
        "url": "https://shop.example/orders/1043",
    }
    return json.dumps(line | more).encode()


def telegram(name: str, update_id: int = 10000, **changes: Any) -> bytes:
    """A documented update (tests/fixtures/telegram) with fields of its message changed."""
    update = json.loads((TELEGRAM / f"{name}.json").read_text())
    (kind,) = set(update) - {"update_id"}
    return json.dumps({"update_id": update_id, kind: update[kind] | changes}).encode()


def whatsapp(name: str, **changes: Any) -> bytes:
    """A documented webhook (tests/fixtures/whatsapp) with fields of its message, or of its status, changed."""
    body = json.loads((WHATSAPP / f"{name}.json").read_text())
    value = body["entry"][0]["changes"][0]["value"]
    for each in (*value.get("messages", ()), *value.get("statuses", ())):
        each.update(changes)
    return json.dumps(body, ensure_ascii=False).encode()


def mail(*, body: str = "Добрий день", **headers: str) -> bytes:
    """A mail of Olena's to us; an empty header is left out."""
    given = {
        "From": "Олена Іванова <olena@example.org>",
        "To": "support@sample.example",
        "Subject": "Замовлення",
        "Date": format_datetime(utc_now()),
        "Message-ID": f"<{new_id()}@example.org>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    message = EmailMessage(policy=SMTP)
    for name, value in given.items():
        if value:
            message[name] = value
    message.set_content(body)
    return message.as_bytes()


@dataclass(frozen=True)
class Case:
    """`make` gives the nth thing that arrives, each another; `signs_body` is whether an altered body is noticed.

    `hooked` is whether it arrives by webhook.
    """

    inbox: str
    make: Callable[[int], bytes]
    sign: Callable[[bytes, str], dict[str, str]]
    signs_body: bool
    hooked: bool = True

    def headers(self, body: bytes, secret: str = HOOK_SECRET) -> dict[str, str]:
        return {"Content-Type": "application/json", **self.sign(body, secret)}


SHOP = Case(
    "shop/main",
    lambda number: order(str(1000 + number)),
    lambda body, secret: {SIGNATURE: signing.sign(body, secret)},
    signs_body=True,
)
TELEGRAM_BOT = Case(
    "telegram/bot",
    lambda number: telegram("text", 10000 + number, message_id=number, text=f"message {number}"),
    lambda _, secret: {SECRET: secret},
    signs_body=False,
)
WHATSAPP_NUMBER = Case(
    "whatsapp/106540352242922",
    lambda number: whatsapp("text", id=f"wamid.{number}", text={"body": f"message {number} 🙂"}),
    lambda body, secret: {whatsapp_channel.SIGNATURE: f"sha256={signing.sign_hex(body, secret)}"},
    signs_body=True,
)
MAILBOX = Case(
    "email/support@sample.example",
    lambda number: mail(Message_ID=f"<{number}@example.org>", body=f"message {number}"),
    lambda _, __: {},
    signs_body=False,
    hooked=False,
)
CASES = {"email": MAILBOX, "shop": SHOP, "telegram": TELEGRAM_BOT, "whatsapp": WHATSAPP_NUMBER}

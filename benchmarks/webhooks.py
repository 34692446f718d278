"""What providers send to inlet_soak: messages of WhatsApp and Telegram, orders of the shop, signed as each signs."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.dataset import Dataset
from bridge.channels import shop, signing, telegram, whatsapp
from bridge.domain.times import iso, utc_now

REPEATED = 0.3
"""Of the requests."""
PEOPLE = 500
"""Who write in a messenger; each again and again."""
INBOXES = {"whatsapp": "106540352242922", "telegram": "bot", "shop": "main"}


@dataclass(frozen=True, slots=True)
class Webhook:
    """`says` is what stands on a timeline once it is read: a message's text, an order's number."""

    channel: str
    body: bytes
    says: str

    @property
    def path(self) -> str:
        return f"/hooks/{self.channel}/{INBOXES[self.channel]}"

    def headers(self, secret: str) -> dict[str, str]:
        return {"Content-Type": "application/json", **_SIGNED[self.channel](self.body, secret)}


def shuffled(data: Dataset, count: int) -> list[Webhook]:
    """`count` webhooks of all channels in no order, of which REPEATED are others' repetitions."""
    chance = random.Random(count)
    made = [_MADE[number % len(_MADE)](data, number) for number in range(round(count * (1 - REPEATED)))]
    webhooks = made + chance.sample(made, count - len(made))
    chance.shuffle(webhooks)
    return webhooks


def _write_whatsapp(data: Dataset, number: int) -> Webhook:
    says, digits = f"message {number} 🙂", data.phone(number % PEOPLE).lstrip("+")
    message = {
        "from": digits,
        "id": f"wamid.soak{number}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": says},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": INBOXES["whatsapp"]},
        "contacts": [{"profile": {"name": data.name(number % PEOPLE)}, "wa_id": digits}],
        "messages": [message],
    }
    changes = [{"value": value, "field": "messages"}]
    body = {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": changes}]}
    return Webhook("whatsapp", _encoded(body), says)


def _write_telegram(data: Dataset, number: int) -> Webhook:
    says, chat = f"message {number} 🙂", 7_000_000 + number % PEOPLE
    who = {"id": chat, "first_name": data.name(number % PEOPLE)}
    message = {
        "message_id": number,
        "date": int(time.time()),
        "chat": {**who, "type": "private"},
        "from": {**who, "is_bot": False},
        "text": says,
    }
    return Webhook("telegram", _encoded({"update_id": number, "message": message}), says)


def _write_shop(data: Dataset, number: int) -> Webhook:
    order = f"S-{number}"
    customer = number % data.customers
    body = {
        "order": order,
        "status": "unpaid",
        "at": iso(utc_now()),
        "customer": {"phone": data.phone(customer), "email": data.mail(customer)},
        "total": 129900,
        "currency": "UAH",
        "items": [{"sku": "K-1", "name": "Чайник", "quantity": 1, "price": 129900}],
        "url": f"https://shop.example/orders/{number}",
    }
    return Webhook("shop", _encoded(body), order)


def _encoded(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


_MADE: Sequence[Callable[[Dataset, int], Webhook]] = (_write_whatsapp, _write_telegram, _write_shop)
_SIGNED: Mapping[str, Callable[[bytes, str], dict[str, str]]] = {
    "whatsapp": lambda body, secret: {whatsapp.SIGNATURE: f"sha256={signing.sign_hex(body, secret)}"},
    "telegram": lambda _, secret: {telegram.SECRET: secret},
    "shop": lambda body, secret: {shop.SIGNATURE: signing.sign(body, secret)},
}

"""The company's shop, by a webhook of our own: docs/howto/connect-a-shop.md.

A request is one line of orders.jsonl (`bridge.flows.import_orders`). X-Omniline-Signature is the HMAC-SHA256 of its raw
body, keyed by the inbox's secret, in base64. A body that comes again is the same word again: it changes nothing, however
old it is, so that no time needs to be signed.

What an agent orders is posted to `shop.callback`, signed in the same way; the answer is such a line again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import aiohttp
import msgspec

from bridge.channels import signing
from bridge.domain.message import Told
from bridge.domain.order import BuyerAddresses, OrderRequest, OrderUpdate
from bridge.domain.ports import Channel, Hook
from bridge.domain.times import believed
from bridge.errors import AnswerLost, RateLimited, Rejected, Transient
from bridge.flows.import_orders import CHANNEL, parse_order
from bridge.flows.import_rows import RawRow
from bridge.settings import Settings

SIGNATURE: Final = "X-Omniline-Signature"
TIMEOUT: Final = 20.0
PATIENCE: Final = 30.0
LARGEST_ANSWER: Final = 1 << 20
_ASKED: Final = ("shop", "order", "items", "total", "currency", "status", "comment", "by", "at")
"""What of a request is the shop's business."""


class ShopChannel:
    """`region` is where numbers without a country code are at home; `callback` takes what agents order, "" for none."""

    name = CHANNEL

    def __init__(self, region: str, callback: str = "", *, timeout: float = TIMEOUT) -> None:
        self._region = region
        self._callback = callback
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    def admit(self, hook: Hook, secret: str) -> str:
        signing.check(hook.headers.get(SIGNATURE), signing.sign(hook.body, secret))
        return signing.digest(hook.body)

    def read(self, body: bytes, inbox: str, arrived_at: datetime) -> Sequence[Told]:
        update = parse_order(RawRow(1, body), region=self._region, shop=inbox)
        status = replace(update.status, at=believed(update.status.at, arrived_at))
        return [msgspec.structs.replace(update, status=status)]

    async def place(self, secret: str, request: OrderRequest, buyer: BuyerAddresses) -> OrderUpdate:
        if not self._callback:
            raise Rejected("no shop takes orders from here: shop.callback is not set")
        asked = {name: getattr(request, name) for name in _ASKED}
        body = msgspec.json.encode({"key": request.id, "customer": buyer, **asked})
        headers = {
            SIGNATURE: signing.sign(body, secret),
            "Idempotency-Key": request.id,
            "Content-Type": "application/json",
        }
        address = self._callback.replace("{inbox}", request.shop)
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout) as http,
                http.post(address, data=body, headers=headers, allow_redirects=False) as response,
            ):
                status, answer = response.status, await response.content.read(LARGEST_ANSWER)
                wait = response.headers.get("Retry-After", "")
        except aiohttp.ClientConnectorError as error:
            raise Transient("the shop cannot be reached") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AnswerLost("the shop did not answer") from error
        if status == 429:
            raise RateLimited("the shop is busy", retry_after=float(wait) if wait.isdecimal() else PATIENCE)
        if status >= 500 or status == 408:
            raise Transient(f"the shop answers {status}")
        if status not in (200, 201):
            raise Rejected(f"the shop answers {status}: {answer[:200].decode(errors='replace')}")
        return parse_order(RawRow(1, answer), region=self._region, shop=request.shop)


def make_channel(settings: Settings) -> Channel:
    return ShopChannel(settings.company.region, settings.shop.callback)

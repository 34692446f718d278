"""The company's shop, by a webhook of our own: docs/howto/connect-a-shop.md.

A request is one line of orders.jsonl (`bridge.flows.import_orders`). X-Omniline-Signature is the HMAC-SHA256 of its raw
body, keyed by the inbox's secret, in base64. A body that comes again is the same word again: it changes nothing, however
old it is, so that no time needs to be signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec

from bridge.channels import signing
from bridge.domain.message import Told
from bridge.domain.ports import Channel, Hook
from bridge.domain.times import believed
from bridge.flows.import_orders import CHANNEL, parse_order
from bridge.flows.import_rows import RawRow
from bridge.settings import Settings

SIGNATURE: Final = "X-Omniline-Signature"


class ShopChannel:
    """`region` is where numbers without a country code are at home."""

    name = CHANNEL

    def __init__(self, region: str) -> None:
        self._region = region

    def admit(self, hook: Hook, secret: str) -> str:
        signing.check(hook.headers.get(SIGNATURE), signing.sign(hook.body, secret))
        return signing.digest(hook.body)

    def read(self, body: bytes, inbox: str, arrived_at: datetime) -> Sequence[Told]:
        update = parse_order(RawRow(1, body), region=self._region, shop=inbox)
        status = replace(update.status, at=believed(update.status.at, arrived_at))
        return [msgspec.structs.replace(update, status=status)]


def make_channel(settings: Settings) -> Channel:
    return ShopChannel(settings.company.region)

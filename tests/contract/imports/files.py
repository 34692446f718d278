"""What the imports are given, line by line, and how the tests look at what became of it."""

import json
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from bridge.domain.card import Card
from bridge.domain.customer import Customer
from bridge.flows.import_rows import ImportResult
from bridge.store import profiles
from bridge.store.card import read_card

HEADER = "external_id,name,kind,language,phones,emails,telegram,organisation,vip,comment\n"
Runner = Callable[..., ImportResult]


def line_of(line: Any) -> bytes:
    return line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"


def message(key: str, **changes: Any) -> dict[str, Any]:
    return {
        "channel": "chat",
        "source": "old-desk",
        "source_key": key,
        "at": "2026-10-01T10:00:00+03:00",
        "direction": "inbound",
        "from": {"kind": "phone", "address": "0501234567"},
        "text": f"text {key}",
        **changes,
    }


def order(number: str, status: str = "unpaid", **changes: Any) -> dict[str, Any]:
    return {
        "order": number,
        "status": status,
        "at": "2026-10-02T10:00:00Z",
        "customer": {"phone": "0501234567"},
        "total": 129900,
        "currency": "UAH",
        "items": [{"sku": "A1", "name": "Чайник", "quantity": 1, "price": 129900}],
        **changes,
    }


def mail(key: str, body: str = "привіт", **headers: str) -> bytes:
    built = EmailMessage()
    values = {
        "From": "Олена <olena@example.com>",
        "To": "support@sample.example",
        "Subject": "тема",
        "Date": "Mon, 02 Nov 2026 10:00:00 +0200",
        "Message-ID": f"<{key}>" if key else "",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    for name, value in values.items():
        if value:
            built[name] = value
    built.set_content(body)
    return built.as_bytes()


def report(result: ImportResult) -> list[dict[str, Any]]:
    assert result.report is not None
    return [json.loads(line) for line in Path(result.report).read_bytes().splitlines()]


def owner(reader: Connection, kind: str, address: str) -> Customer:
    profile = profiles.find_profile_by_address(reader, kind, address)
    assert profile is not None
    return profile.customer


def card(reader: Connection, number: str) -> Card:
    return read_card(reader, call_id="c", caller=number, dialled="", number=number)


def count(reader: Connection, table: str) -> int:
    return int(reader.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

"""One runner for each kind of file: it writes what it is given, imports it and answers with the result."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bridge.flows.import_customers import import_customers
from bridge.flows.import_history import import_history
from bridge.flows.import_mail import import_mail
from bridge.flows.import_orders import import_orders
from bridge.flows.import_rows import ImportResult
from bridge.store.engine import batch_writer, connect_reader
from bridge.store.inboxes import resolve_inbox
from tests.contract.imports.files import HEADER, Runner, line_of


@pytest.fixture
def customers(url: str, tmp_path: Path) -> Runner:
    def run(*rows: str | bytes, header: str = HEADER) -> ImportResult:
        path = tmp_path / "customers.csv"
        lines = [row if isinstance(row, bytes) else row.encode() for row in rows]
        path.write_bytes(header.encode() + b"\n".join(lines) + b"\n")
        return import_customers(path, url=url, region="UA")

    return run


@pytest.fixture
def history(url: str, tmp_path: Path) -> Runner:
    def run(*lines: Any) -> ImportResult:
        path = tmp_path / "history.jsonl"
        path.write_bytes(b"".join(line_of(line) for line in lines))
        return import_history(path, url=url, region="UA", attachments_folder=tmp_path / "attachments")

    return run


@pytest.fixture
def orders(url: str, tmp_path: Path) -> Runner:
    def run(*lines: Any) -> ImportResult:
        path = tmp_path / "orders.jsonl"
        path.write_bytes(b"".join(line_of(line) for line in lines))
        return import_orders(path, url=url, region="UA")

    return run


@pytest.fixture
def mails(url: str, tmp_path: Path) -> Runner:
    def run(*raw: bytes) -> ImportResult:
        path = tmp_path / "mail.mbox"
        path.write_bytes(b"".join(b"From x Mon Nov  2 10:00:00 2026\n" + data + b"\n\n" for data in raw))
        with batch_writer(url) as writer:
            writer.run(resolve_inbox, "email", "support@sample.example", "support@sample.example")
        return import_mail(path, url=url, attachments_folder=tmp_path / "attachments")

    return run


@pytest.fixture
def reader(url: str) -> Connection:
    return connect_reader(url)

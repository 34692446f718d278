"""What admins did, kept for whoever has to answer for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, insert

from bridge.domain.ids import new_id
from bridge.store.schema import audit


def record(
    connection: Connection,
    by: str,
    action: str,
    subject: str,
    at: datetime,
    detail: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """`by` is the agent's id, `subject` that of what it was done to. No secrets in `detail`."""
    row = {"id": new_id(), "at": at, "by": by, "action": action, "subject": subject}
    connection.execute(insert(audit), {**row, "detail": dict(detail)})

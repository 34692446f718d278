"""Who did what that others may have to answer for: appended, never changed, read by admins. Ids only, no content."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from bridge.domain.ids import new_id
from bridge.store import schema


def record(
    conn: Connection,
    *,
    by: str,
    action: str,
    subject: str,
    at: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """`by` is an agent's id or "system"; `action` a verb such as "call.file"; `subject` "call:<id>"."""
    conn.execute(
        insert(schema.audit),
        {"id": new_id(), "at": at, "by": by, "action": action, "subject": subject, "detail": detail or {}},
    )

"""Work that was given up: it failed three times, and waits for an admin to look at it."""

from __future__ import annotations

from typing import Any

import msgspec


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is what the work is about, such as a recording's id; `reason` the last error. Times are ISO 8601 UTC."""

    id: str
    group: str
    topic: str
    key: str
    created_at: str
    died_at: str
    tries: int
    reason: str
    payload: dict[str, Any]

"""Times in and out: aware UTC inside, ISO 8601 with a Z outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_OLDEST: Final = timedelta(days=30)
_AHEAD: Final = timedelta(minutes=5)


def utc_now() -> datetime:
    return datetime.now(UTC)


def believed(own: datetime, arrived: datetime) -> datetime:
    """When something happened that says so itself: its own time, unless that cannot be, then that of its arrival."""
    return own if arrived - _OLDEST <= own <= arrived + _AHEAD else arrived


def iso(at: datetime) -> str:
    """ISO 8601 in UTC with microseconds, such as 2026-11-22T20:15:00.000000Z; sorts as text."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:-6] + "Z"


def iso_or_none(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def parse_iso(text: str) -> datetime:
    """An aware datetime in UTC. Raises ValueError for anything that is not ISO 8601 with a zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}: write it like 2026-11-22T20:15:00Z")
    return at.astimezone(UTC)

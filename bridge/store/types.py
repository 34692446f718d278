"""Column types that differ between SQLite and PostgreSQL: ids and times."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, String, types
from sqlalchemy.dialects.postgresql import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NOBODYS = "00000000-0000-0000-0000-000000000000"


class _NativeId(types.TypeDecorator[str]):
    """PostgreSQL's uuid. What is asked for and is none is an id that nothing has, as on SQLite, not an error."""

    impl = UUID(as_uuid=False)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None or _UUID.fullmatch(value) else _NOBODYS


Id = String(36).with_variant(_NativeId(), "postgresql")
"""A uuid7 as text; PostgreSQL keeps it as its own uuid type."""


class UtcTime(types.TypeDecorator[datetime]):
    """An aware UTC datetime: integer microseconds since 1970 on SQLite, timestamptz on PostgreSQL.

    Raises ValueError for a naive datetime.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone: give an aware datetime")
        if dialect.name == "sqlite":
            return (value - EPOCH) // _MICROSECOND
        return value

    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, int):
            return EPOCH + timedelta(microseconds=value)
        assert isinstance(value, datetime)
        return value.astimezone(UTC)

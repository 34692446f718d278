"""The company's calendar, and the rules of the inboxes."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, insert, select

from bridge.domain.calendar import Calendar
from bridge.domain.duty import InboxRule
from bridge.errors import NotFound
from bridge.store import schema

_calendar = schema.calendar
_rule = schema.inbox_rule
_inbox = schema.inbox

COMPANY: Final = "company"
_CONTENT = select(_calendar.c.content).where(_calendar.c.name == COMPANY)
_RULES = (
    select(_inbox.c.id, _inbox.c.channel, _inbox.c.key, _rule.c.away, _rule.c.away_texts, _rule.c.skill)
    .outerjoin(_rule, _rule.c.inbox_id == _inbox.c.id)
    .order_by(_inbox.c.channel, _inbox.c.key)
)


def get_calendar(connection: Connection) -> Calendar:
    """Until somebody has said otherwise, the company works all the time."""
    content = connection.scalar(_CONTENT)
    return Calendar() if content is None else msgspec.convert(content, Calendar)


def save_calendar(connection: Connection, calendar: Calendar, *, by: str, at: datetime) -> None:
    connection.execute(delete(_calendar).where(_calendar.c.name == COMPANY))
    row = {"name": COMPANY, "content": msgspec.to_builtins(calendar), "changed_by": by, "changed_at": at}
    connection.execute(insert(_calendar), row)


def list_rules(connection: Connection) -> list[InboxRule]:
    """That of every inbox."""
    return [
        InboxRule(
            inbox_id=row.id,
            channel=row.channel,
            key=row.key,
            away=bool(row.away),
            away_texts=row.away_texts or {},
            skill=row.skill,
        )
        for row in connection.execute(_RULES)
    ]


def save_rule(
    connection: Connection, inbox_id: str, *, away: bool, away_texts: dict[str, str], skill: str | None
) -> InboxRule:
    """Raises NotFound."""
    if connection.execute(select(_inbox.c.id).where(_inbox.c.id == inbox_id)).first() is None:
        raise NotFound("no such inbox")
    connection.execute(delete(_rule).where(_rule.c.inbox_id == inbox_id))
    row = {"inbox_id": inbox_id, "away": away, "away_texts": away_texts, "skill": skill}
    connection.execute(insert(_rule), row)
    return next(rule for rule in list_rules(connection) if rule.inbox_id == inbox_id)

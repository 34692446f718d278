"""When the company works, what inboxes say meanwhile and ask for, and how much each agent takes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec
from sqlalchemy import Connection

from bridge.desk.answers import DutyList, InboxRuleList
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain import calendar
from bridge.domain.agent import Role
from bridge.domain.calendar import Calendar
from bridge.domain.catalogue import LANGUAGES
from bridge.domain.duty import Duty, InboxRule, Language, Skill
from bridge.domain.texts import storable
from bridge.errors import InvalidInput
from bridge.store import conversation_work, duties, hours

AwayText = Annotated[str, msgspec.Meta(max_length=1000)]


class InboxRuleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`away_texts` by language (en, ru, uk); an empty one means ours."""

    away: bool
    away_texts: dict[str, AwayText] = {}
    skill: Skill | None = None


class DutyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    capacity: Annotated[int, msgspec.Meta(ge=0, le=100)]
    skills: Annotated[tuple[Skill, ...], msgspec.Meta(max_length=50)] = ()
    languages: Annotated[tuple[Language, ...], msgspec.Meta(max_length=20)] = ()


async def get_calendar(ask: Ask) -> Calendar:
    """The hours that we work. All the time, until somebody has said otherwise."""
    return await ask.services.db.read(hours.get_calendar)


async def save_calendar(ask: Ask, body: Calendar) -> Calendar:
    """Say when we work. By when waiting customers should be answered is worked out anew."""
    calendar.check(body)

    def save(connection: Connection, by: str, at: datetime) -> None:
        hours.save_calendar(connection, body, by=by, at=at)
        conversation_work.forget_due(connection)

    await ask.services.db.write(save, ask.agent.id, ask.services.clock())
    return body


async def list_rules(ask: Ask) -> InboxRuleList:
    """What each inbox says while nobody works, and the skill that it asks for."""
    return InboxRuleList(await ask.services.db.read(hours.list_rules))


async def save_rule(ask: Ask, body: InboxRuleBody) -> InboxRule:
    """As in the list."""
    unknown = set(body.away_texts) - set(LANGUAGES)
    if unknown:
        raise InvalidInput(f"one of {', '.join(LANGUAGES)}", where="away_texts")
    texts = {language: storable(text.strip()) for language, text in body.away_texts.items() if text.strip()}
    return await ask.services.db.write(
        hours.save_rule, ask.path("id"), away=body.away, away_texts=texts, skill=body.skill
    )


async def list_duties(ask: Ask) -> DutyList:
    """How much of the work in writing each agent takes, and which."""
    return DutyList(await ask.services.db.read(duties.list_duties))


async def save_duty(ask: Ask, body: DutyBody) -> Duty:
    """As in the list."""
    return await ask.services.db.write(
        duties.save_duty,
        ask.path("id"),
        capacity=body.capacity,
        skills=list(dict.fromkeys(body.skills)),
        languages=list(dict.fromkeys(body.languages)),
    )


ROUTES: Final = (
    Route("GET", f"{API}/calendar", get_calendar, Role.AGENT),
    Route("PUT", f"{API}/calendar", save_calendar, Role.ADMIN),
    Route("GET", f"{API}/inbox_rules", list_rules, Role.ADMIN),
    Route("PUT", f"{API}/inbox_rules/{ID}", save_rule, Role.ADMIN),
    Route("GET", f"{API}/duties", list_duties, Role.SUPERVISOR),
    Route("PUT", f"{API}/duties/{ID}", save_duty, Role.ADMIN),
)

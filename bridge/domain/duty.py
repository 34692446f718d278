"""What an agent takes of the work in writing, and what an inbox says and asks for."""

from __future__ import annotations

from typing import Annotated

import msgspec

Skill = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^\S(?:.*\S)?$")]
Language = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,3}$")]


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """`capacity`: how many conversations at a time, 0 for none by itself; what else counts is in `bridge.domain.routing`."""

    agent_id: str
    name: str
    capacity: int
    skills: list[str]
    languages: list[str]


class InboxRule(msgspec.Struct, frozen=True, kw_only=True):
    """`away`: whether who writes while nobody works is told so, once; `away_texts` by language, ours where there is none.

    `skill`: what agents must be able to do to get its conversations.
    """

    inbox_id: str
    channel: str
    key: str
    away: bool = False
    away_texts: dict[str, str] = {}
    skill: str | None = None

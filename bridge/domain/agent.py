"""The people of the company: who they are and what they may."""

from __future__ import annotations

import enum

import msgspec


class Role(enum.StrEnum):
    """AGENT < SUPERVISOR < ADMIN: each may what the ones before may."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)


class AgentState(enum.StrEnum):
    """OFFLINE: neither phone nor desk; AVAILABLE, RINGING, IN_CALL; WRAP_UP: after hang-up, out of the queues."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    RINGING = "ringing"
    IN_CALL = "in_call"
    WRAP_UP = "wrap_up"


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    login: str
    name: str
    role: Role
    extension: str | None = None
    language: str = "en"


DISPOSITIONS = ("resolved", "follow_up", "order_taken", "wrong_number", "spam", "other")
"""The wrap-up codes an agent chooses from; their words are in the desk's catalogues."""

"""What desks are told while they are open: one message over the desk's WebSocket, and who may see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from bridge.domain.agent import Role


class LiveMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`at` is ISO 8601 UTC. `cursor` only on durable messages: what to give as `?after=` when connecting again.

    type and data: `screen_pop` ScreenPop; `screen_pop_withdrawn` {pop_id, call_id, reason}; `call` CallSummary;
    `entry` Entry; `work` WorkChange; `conversation` ConversationSummary; `presence` Presence;
    `agent_state` {agent_id, extension, state, call_id}; `transcript`
    {call_id, recording_id, state, reason?, entry_id?}; `notice` {code, …}.
    """

    type: str
    id: str
    at: str
    data: Any
    cursor: str | None = None


EVERYONE = "all"


def topic_of_agent(agent_id: str) -> str:
    return f"agent:{agent_id}"


def topic_of_role(least: Role) -> str:
    return f"role:{least}"


Emit = Callable[[tuple[str, ...], LiveMessage], int]
"""Hands a message to every open desk that may see one of the topics; answers to how many. Never blocks, never raises."""


class AgentTyping(msgspec.Struct, frozen=True):
    """An agent of this name is writing in a conversation: worth something now only."""

    conversation_id: str
    name: str

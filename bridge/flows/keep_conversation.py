"""What people do with a conversation as work: give it, let it rest, end it, open it, sort it, write a note in it.

A conversation waits for us from the customer's first message on that no person of ours has answered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.conversation import ConversationState, ConversationSummary
from bridge.domain.entry import Entry, EntryKind
from bridge.domain.ids import new_id
from bridge.domain.live import EVERYONE, topic_of_agent
from bridge.errors import Conflict, InvalidInput
from bridge.flows.append_entry import append_and_tell
from bridge.store import agents, conversation_views, conversation_work, feed, open_conversations, timeline
from bridge.store.timeline import NewEntry

SOURCE: Final = "desk"
_MENTION: Final = re.compile(r"(?<![\w@])@([\w.\-]+)")


def hear_customer(
    connection: Connection, conversation_id: str, at: datetime, *, automatic: bool = False
) -> None:
    """The customer has written, at `at`: they wait, if they did not yet.

    What a program wrote begins work, and is none where we have answered already: mostly it says that somebody is away.
    """
    if automatic and conversation_work.was_answered(connection, conversation_id):
        return
    conversation_work.set_waiting(connection, conversation_id, at)
    tell(connection, conversation_id, at)


def answered(connection: Connection, conversation_id: str, agent: Agent, at: datetime) -> None:
    """A person has answered: it is theirs now if it was nobody's."""
    conversation_work.set_answered(connection, conversation_id, at)
    if conversation_views.get_summary(connection, conversation_id).assignee_id is None:
        conversation_work.set_assignee(connection, conversation_id, agent.id)
    tell(connection, conversation_id, at)


def assign(
    connection: Connection, conversation_id: str, agent_id: str | None, by: Agent, at: datetime
) -> ConversationSummary:
    """To an agent, who is told, or to nobody. Raises NotFound for either; Conflict where it is over."""
    before = conversation_views.get_summary(connection, conversation_id)
    if before.state is ConversationState.RESOLVED:
        raise Conflict("this conversation is over: open it again first")
    if agent_id is not None:
        agents.get_agent(connection, agent_id)
    conversation_work.set_assignee(connection, conversation_id, agent_id)
    if agent_id not in (None, by.id, before.assignee_id):
        _call(connection, "assigned", conversation_id, str(agent_id), by.name, at)
    return tell(connection, conversation_id, at)


def give(connection: Connection, conversation_id: str, agent_id: str, at: datetime) -> None:
    """It is this agent's by itself, and they are told."""
    conversation_work.set_assignee(connection, conversation_id, agent_id)
    _call(connection, "routed", conversation_id, agent_id, "", at)
    tell(connection, conversation_id, at)


def change_state(
    connection: Connection,
    conversation_id: str,
    state: ConversationState,
    *,
    until: datetime | None,
    at: datetime,
) -> ConversationSummary:
    """Let it rest `until` a time, end it, or open it again.

    Raises NotFound; Conflict for an imported one and where its thread goes on in a later one; InvalidInput for a rest that
    has no end or is over already.
    """
    conversation = open_conversations.get_conversation(connection, conversation_id)
    if conversation.inbox_id is None:
        raise Conflict("this conversation was imported: it is over")
    match state:
        case ConversationState.OPEN:
            open_conversations.check_newest(connection, conversation)
            conversation_work.open_again(connection, conversation_id)
        case ConversationState.SNOOZED:
            if until is None or until <= at:
                raise InvalidInput("give a time that is still to come", where="until")
            open_conversations.check_newest(connection, conversation)
            conversation_work.snooze(connection, conversation_id, until)
        case ConversationState.RESOLVED:
            conversation_work.resolve(connection, conversation_id, at)
    return tell(connection, conversation_id, at)


def tag(
    connection: Connection, conversation_id: str, tags: Sequence[str], at: datetime
) -> ConversationSummary:
    """These tags and no others. Raises NotFound."""
    open_conversations.get_conversation(connection, conversation_id)
    conversation_work.set_tags(connection, conversation_id, dict.fromkeys(tags))
    return tell(connection, conversation_id, at)


def add_note(
    connection: Connection, conversation_id: str, agent: Agent, *, text: str, key: str | None, at: datetime
) -> Entry:
    """A note that the customer never sees; whom it names by @login is told. Once for each `key`. Raises NotFound."""
    open_conversations.get_conversation(connection, conversation_id)
    called = [each for each in list_mentioned(connection, text) if each.id != agent.id]
    new = NewEntry(
        kind=EntryKind.NOTE,
        source=SOURCE,
        source_key=f"note/{agent.id}/{key or new_id()}",
        at=at,
        body=text,
        author=agent.name,
        conversation_id=conversation_id,
        payload={"agent_id": agent.id, "mentions": [each.id for each in called]},
    )
    appended = append_and_tell(connection, new)
    if appended.created and called:
        conversation_work.add_mentions(connection, appended.id, conversation_id, [each.id for each in called])
        for each in called:
            _call(connection, "mentioned", conversation_id, each.id, agent.name, at)
        tell(connection, conversation_id, at)
    return timeline.get_entry(connection, appended.id)


def look(connection: Connection, conversation_id: str, agent: Agent, at: datetime) -> None:
    """The agent has the conversation before them: what called them there is seen."""
    if conversation_work.see_mentions(connection, conversation_id, agent.id, at):
        tell(connection, conversation_id, at)


def list_mentioned(connection: Connection, text: str) -> list[Agent]:
    """Those who are called by their login, each once."""
    logins = {login.rstrip(".-").casefold() for login in _MENTION.findall(text)}
    if not logins:
        return []
    return [agent for agent in agents.list_agents(connection) if agent.login.casefold() in logins]


def tell(connection: Connection, conversation_id: str, at: datetime) -> ConversationSummary:
    """The desks hear how it stands."""
    summary = conversation_views.get_summary(connection, conversation_id)
    feed.append(connection, "conversation", EVERYONE, summary, at)
    return summary


def _call(
    connection: Connection, code: str, conversation_id: str, agent_id: str, by: str, at: datetime
) -> None:
    said = {"code": code, "conversation_id": conversation_id, "by": by}
    feed.append(connection, "notice", topic_of_agent(agent_id), said, at)

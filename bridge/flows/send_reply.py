"""An agent answers in a conversation: the entry, its delivery and the work of sending it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.consent import Purpose
from bridge.domain.delivery import DeliveryState
from bridge.domain.entry import Entry, EntryDirection, EntryKind
from bridge.domain.live import EVERYONE
from bridge.domain.matter import Thing
from bridge.domain.message import FilledTemplate
from bridge.domain.topic import Topic
from bridge.errors import Conflict, InvalidInput
from bridge.flows import keep_conversation, may_write
from bridge.flows.attach_matter import attach, read_words
from bridge.store import attachments, deliveries, feed, open_conversations, outbox, timeline
from bridge.store.timeline import NewEntry

SOURCE = "desk"
EMAIL = "email"


def find_reply(connection: Connection, agent: Agent, key: str) -> Entry | None:
    """What the agent has written under this key already."""
    known = timeline.find_by_source(connection, SOURCE, _source_key(agent, key))
    return None if known is None else timeline.get_entry(connection, known.id)


def _source_key(agent: Agent, key: str) -> str:
    return f"reply/{agent.id}/{key}"


def send_reply(
    connection: Connection,
    conversation_id: str,
    agent: Agent,
    *,
    text: str,
    key: str,
    at: datetime,
    identity_id: str | None = None,
    cc: Sequence[str] = (),
    to: str | None = None,
    uploads: Sequence[str] = (),
    template: FilledTemplate | None = None,
    purpose: Purpose = Purpose.SERVICE,
    windows: Mapping[str, timedelta] = MappingProxyType({}),
) -> Entry:
    """The message as it stands on the timeline: accepted, not sent. Once for each `key` of an agent.

    It goes to the address of `identity_id`, else to the one that the talk was with last; copies of it to `cc`. One that is
    forwarded goes `to` an address of somebody else, and answers the customer nothing. `uploads` are those of the agent that
    go with it. `template` is what is sent, and `text` what it says. `windows` by channel, as in `may_write`.

    Raises NotFound, also for an upload that is not there; Conflict where the conversation was imported, or its thread goes on
    in another one; InvalidInput where the channel has no copies and cannot forward; NotAllowed.
    """
    known = find_reply(connection, agent, key)
    if known is not None:
        return known
    conversation = open_conversations.get_conversation(connection, conversation_id)
    if conversation.inbox_id is None:
        raise Conflict("this conversation was imported: nothing can be sent from here")
    if (cc or to) and conversation.channel != EMAIL:
        raise InvalidInput("only mail has copies and can be forwarded", where="to" if to else "cc")
    if to is None:
        templated = template is not None
        may_write.check(connection, conversation, windows, at, purpose=purpose, templated=templated)
    open_conversations.go_on(connection, conversation, at)
    files = attachments.take_uploads(connection, agent.id, uploads) if uploads else []
    payload: dict[str, Any] = {"agent_id": agent.id}
    if files:
        payload["attachments"] = [file.shown() for file in files]
    if template is not None:
        payload["template"] = msgspec.to_builtins(template)
    if cc:
        payload["cc"] = list(cc)
    if to is not None:
        payload["to"] = to
    appended = timeline.append(
        connection,
        NewEntry(
            kind=EntryKind.MESSAGE,
            source=SOURCE,
            source_key=_source_key(agent, key),
            at=at,
            body=text,
            channel=conversation.channel,
            direction=EntryDirection.OUTBOUND,
            author=agent.name,
            conversation_id=conversation_id,
            identity_id=None if to is not None else identity_id or conversation.identity_id,
            payload=payload,
        ),
    )
    attachments.add_attachments(connection, appended.id, files)
    deliveries.add(connection, appended.id, conversation_id, by=agent.id, at=at)
    outbox.put(connection, Topic.DELIVER, conversation_id, at)
    if appended.customer_id is not None:
        attach(connection, Thing.CONVERSATION, conversation_id, appended.customer_id, opens_new=True, at=at)
        read_words(connection, Thing.CONVERSATION, conversation_id, text, at)
    entry = timeline.get_entry(connection, appended.id)
    feed.append(connection, "entry", EVERYONE, entry, at)
    if to is None:
        keep_conversation.answered(connection, conversation_id, agent, at)
    return entry


def send_again(connection: Connection, delivery_id: str, agent: Agent, at: datetime) -> Entry:
    """A person has decided that it is to be sent once more: what waits there to be tried again waits no longer.

    Raises NotFound, Conflict.
    """
    conversation_id = deliveries.send_again(connection, delivery_id, by=agent.id, at=at)
    outbox.put(connection, Topic.DELIVER, conversation_id, at)
    outbox.hurry(connection, Topic.DELIVER, conversation_id, at)
    tell(connection, delivery_id, at)
    return timeline.get_entry(connection, deliveries.get_entry_of(connection, delivery_id))


def record(
    connection: Connection,
    delivery_id: str,
    state: DeliveryState,
    at: datetime,
    *,
    reason: str = "",
    provider_key: str | None = None,
) -> None:
    """The delivery is in `state`, and the desks hear of it."""
    deliveries.record(connection, delivery_id, state, at=at, reason=reason, provider_key=provider_key)
    tell(connection, delivery_id, at)
    if state in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        # Whom it did not reach still waits.
        conversation_id = deliveries.get_conversation_of(connection, delivery_id)
        keep_conversation.hear_customer(connection, conversation_id, at)


def tell(connection: Connection, delivery_id: str, at: datetime) -> None:
    entry = timeline.get_entry(connection, deliveries.get_entry_of(connection, delivery_id))
    said = {"code": "delivery", "entry_id": entry.id, "customer_id": entry.customer_id}
    feed.append(connection, "notice", EVERYONE, {**said, "delivery": entry.delivery}, at)

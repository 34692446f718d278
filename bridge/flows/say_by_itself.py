"""What we say in a conversation without anybody having written it. It names no matter and opens none."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.entry import EntryDirection, EntryKind
from bridge.domain.topic import Topic
from bridge.flows.append_entry import append_and_tell
from bridge.store import deliveries, open_conversations, outbox
from bridge.store.filing import SYSTEM
from bridge.store.timeline import NewEntry

SOURCE = "auto"


def say_by_itself(connection: Connection, conversation_id: str, *, text: str, key: str, at: datetime) -> None:
    """Once for each `key`; nothing in a conversation that was imported."""
    conversation = open_conversations.get_conversation(connection, conversation_id)
    if conversation.inbox_id is None:
        return
    new = NewEntry(
        kind=EntryKind.MESSAGE,
        source=SOURCE,
        source_key=key,
        at=at,
        body=text,
        channel=conversation.channel,
        direction=EntryDirection.OUTBOUND,
        conversation_id=conversation_id,
        identity_id=conversation.identity_id,
        payload={"automatic": True},
    )
    appended = append_and_tell(connection, new)
    if appended.created:
        deliveries.add(connection, appended.id, conversation_id, by=SYSTEM, at=at)
        outbox.put(connection, Topic.DELIVER, conversation_id, at)

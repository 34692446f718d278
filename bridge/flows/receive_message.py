"""What a customer wrote: the sender, the conversation, the entry, the desks and the matter, in one transaction."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from bridge.domain.entry import EntryDirection, EntryKind
from bridge.domain.matter import Thing
from bridge.domain.message import InboundMessage
from bridge.domain.texts import storable
from bridge.domain.times import believed, parse_iso
from bridge.flows import keep_conversation
from bridge.flows.append_entry import append_and_tell
from bridge.flows.attach_matter import attach, read_words
from bridge.flows.resolve_identity import prove_address, resolve_identity
from bridge.store import open_conversations, timeline
from bridge.store.arrivals import Arrival
from bridge.store.conversations import NewConversation
from bridge.store.timeline import NewEntry

LONGEST_TEXT = 100_000
"""Characters. What is beyond is in the arrival alone, and the entry says so."""
LONGEST_NAME = 200


def receive_message(
    connection: Connection, arrival: Arrival, message: InboundMessage, *, reopen: timedelta
) -> None:
    """Once for each key and text, in whatever order they come. `reopen` is that of `resolve_open`.

    An edit that comes before its message stands for it: the older text is in its arrival alone then.
    """
    source, source_key = arrival.channel, f"{arrival.inbox_key}/{message.key}"
    known = timeline.find_by_source(connection, source, source_key)
    if known is None:
        _append(connection, arrival, message, source_key, reopen)
    elif message.edited:
        _replace(connection, arrival, message, known.id, source_key)


def _append(
    connection: Connection, arrival: Arrival, message: InboundMessage, source_key: str, reopen: timedelta
) -> None:
    at = believed(message.at, arrival.arrived_at)
    name = storable(message.name)[:LONGEST_NAME]
    owner = resolve_identity(
        connection, message.sender, name, source=arrival.channel, source_key=source_key, at=arrival.arrived_at
    )
    if message.proves is not None:
        prove_address(
            connection,
            owner,
            message.proves,
            source=arrival.channel,
            source_key=source_key,
            at=arrival.arrived_at,
        )
    conversation = NewConversation(
        channel=arrival.channel,
        thread_key=message.thread,
        at=at,
        inbox_id=arrival.inbox_id,
        customer_id=owner.leaf_id,
    )
    conversation_id = open_conversations.resolve_open(connection, conversation, reopen=reopen)
    text, payload = _content(message)
    appended = append_and_tell(
        connection,
        NewEntry(
            kind=EntryKind.MESSAGE,
            source=arrival.channel,
            source_key=source_key,
            at=at,
            body=text,
            channel=arrival.channel,
            direction=EntryDirection.INBOUND,
            author=name or owner.name,
            customer_id=owner.leaf_id,
            identity_id=owner.identity_id,
            conversation_id=conversation_id,
            payload=payload,
        ),
    )
    keep_conversation.hear_customer(connection, conversation_id, at)
    if appended.customer_id is not None:
        now = arrival.arrived_at
        attach(connection, Thing.CONVERSATION, conversation_id, appended.customer_id, opens_new=False, at=now)
        read_words(connection, Thing.CONVERSATION, conversation_id, text, now)


def _replace(
    connection: Connection, arrival: Arrival, message: InboundMessage, entry_id: str, source_key: str
) -> None:
    """Unless what stands there is newer."""
    at = believed(message.at, arrival.arrived_at)
    newest = timeline.get_newest(connection, entry_id)
    text, payload = _content(message)
    if newest.redacted or parse_iso(newest.at) > at or (newest.text, newest.payload) == (text, payload):
        return
    append_and_tell(
        connection,
        NewEntry(
            kind=EntryKind.MESSAGE,
            source=arrival.channel,
            source_key=f"{source_key}/{arrival.source_key}",
            at=at,
            body=text,
            channel=arrival.channel,
            direction=EntryDirection.INBOUND,
            author=newest.author,
            customer_id=newest.customer_id,
            conversation_id=newest.conversation_id,
            replaces_id=newest.id,
            payload=payload,
        ),
    )


def _content(message: InboundMessage) -> tuple[str, dict[str, object]]:
    text = storable(message.text)
    marks: dict[str, object] = {}
    if message.unsupported:
        marks["unsupported"] = message.unsupported
    if len(text) > LONGEST_TEXT:
        marks["cut"] = True
    return text[:LONGEST_TEXT], marks

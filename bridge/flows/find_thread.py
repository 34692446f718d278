"""Which thread a message goes on in, by what it says of itself: what it answers, an address, a number; in this order."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from bridge.domain.message import InboundMessage
from bridge.domain.threads import number_of
from bridge.store import open_conversations, timeline
from bridge.store.arrivals import Arrival
from bridge.store.people import Owner

MOST: Final = 20
"""Answered messages that are looked for: References are as long as their writers like."""


def find_thread(connection: Connection, arrival: Arrival, message: InboundMessage, writer: Owner) -> str:
    """The key of a thread of this inbox; the message's own where it names none that is here."""
    for key in message.answers[:MOST]:
        source_key = key if message.worldwide else f"{arrival.inbox_key}/{key}"
        known = timeline.find_by_source(connection, arrival.channel, source_key)
        if known is not None:
            found = open_conversations.find_thread_of_entry(connection, arrival.inbox_id, known.id)
        else:
            found = open_conversations.find_thread_of_delivery(connection, arrival.inbox_id, key)
        if found is not None:
            return found
    if message.conversation:
        told = open_conversations.find_thread(connection, arrival.inbox_id, message.conversation)
        if told is not None:
            return told
    if message.number:
        written = open_conversations.list_threads_with(connection, arrival.inbox_id, writer.canonical_id)
        for conversation_id, thread in written:
            if number_of(conversation_id) == message.number:
                return thread
    return message.thread

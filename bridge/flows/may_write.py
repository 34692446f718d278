"""Whether something may be written in a conversation now: they have not refused it, and the channel's window is open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.domain.consent import Purpose
from bridge.errors import NotAllowed
from bridge.flows import keep_consent
from bridge.store import conversations, open_conversations, ways
from bridge.store.leaves import list_leaves
from bridge.store.open_conversations import Conversation

WINDOW_CLOSED = "window-closed"
OPTED_OUT = "opted-out"
NO_CONSENT = "no-consent"


def check(
    connection: Connection,
    conversation: Conversation,
    windows: Mapping[str, timedelta],
    at: datetime,
    *,
    purpose: Purpose = Purpose.SERVICE,
    templated: bool = False,
) -> None:
    """`windows` by channel, of those that have one; what is `templated` needs none. Raises NotAllowed."""
    customer_id = conversations.get_customer_of(connection, conversation.id)
    if not keep_consent.may_write(connection, customer_id, conversation.channel, Purpose.SERVICE):
        _refuse(connection, conversation, customer_id, keep_consent.REFUSED, OPTED_OUT)
    if not keep_consent.may_write(connection, customer_id, conversation.channel, purpose):
        _refuse(connection, conversation, customer_id, "they have not agreed to advertising here", NO_CONSENT)
    ends_at = window_end(connection, conversation, windows)
    if conversation.channel in windows and not templated and (ends_at is None or at >= ends_at):
        said = "too long ago that they wrote here: only a template may be sent"
        _refuse(connection, conversation, customer_id, said, WINDOW_CLOSED)


def window_end(
    connection: Connection, conversation: Conversation, windows: Mapping[str, timedelta]
) -> datetime | None:
    """Until when may be written freely; None where there is no window, or they have never written."""
    window = windows.get(conversation.channel)
    wrote_at = None if window is None else open_conversations.find_last_heard(connection, conversation)
    return None if window is None or wrote_at is None else wrote_at + window


def _refuse(
    connection: Connection, conversation: Conversation, customer_id: str | None, said: str, code: str
) -> None:
    known = [] if customer_id is None else list_leaves(connection, customer_id)
    others = {
        channel: conversation_id
        for channel, conversation_id in ways.list_ways(connection, known).items()
        if channel != conversation.channel
        and keep_consent.may_write(connection, customer_id, channel, Purpose.SERVICE)
    }
    raise NotAllowed(said, code=code, others=others)

"""Notes: an agent's draft during a call, and a note on a customer without a call."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.call import NoteDraft
from bridge.domain.entry import Entry, EntryKind
from bridge.domain.ids import new_id
from bridge.errors import Conflict
from bridge.flows.append_entry import append_and_tell
from bridge.store import notes, profiles, timeline, wrap_ups
from bridge.store.timeline import NewEntry

SOURCE = "desk"


def save_draft(
    connection: Connection, call_id: str, agent: Agent, *, text: str, rev: int, at: datetime
) -> NoteDraft:
    """Raises Conflict when a newer revision is stored, or the wrap-up was done already."""
    wrap_up = wrap_ups.find(connection, call_id, agent.id)
    if wrap_up is not None and wrap_up.done_at is not None:
        raise Conflict("the wrap-up of this call is done: write a note on the customer instead")
    return notes.save_draft(connection, call_id, agent.id, text=text, rev=rev, at=at)


def add_note(
    connection: Connection, customer_id: str, agent: Agent, *, text: str, key: str | None, at: datetime
) -> Entry:
    """A note without a call, filed under the canonical customer; once for each `key`. Raises NotFound."""
    customer = profiles.get_customer(connection, customer_id)
    new = NewEntry(
        kind=EntryKind.NOTE,
        source=SOURCE,
        source_key=f"note/{agent.id}/{key or new_id()}",
        at=at,
        body=text,
        author=agent.name,
        customer_id=customer.id,
        payload={"agent_id": agent.id},
    )
    return timeline.get_entry(connection, append_and_tell(connection, new).id)

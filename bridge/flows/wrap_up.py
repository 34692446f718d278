"""The end of an agent's work on a call: a disposition, and one entry made of the draft."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.entry import Entry, EntryKind
from bridge.domain.matter import Thing
from bridge.flows.append_entry import append_and_tell
from bridge.flows.attach_matter import read_words
from bridge.flows.write_note import SOURCE
from bridge.store import notes, timeline, wrap_ups
from bridge.store.timeline import NewEntry


def wrap_up(
    connection: Connection, call_id: str, agent: Agent, *, disposition: str, at: datetime
) -> Entry | None:
    """Finish the agent's wrap-up. The note's entry, None when nothing was written; the same answer when repeated."""
    done = wrap_ups.find(connection, call_id, agent.id)
    if done is None:
        wrap_ups.begin(connection, call_id, agent.id, at)
    elif done.done_at is not None:
        return None if done.entry_id is None else timeline.get_entry(connection, done.entry_id)
    text = notes.take_draft(connection, call_id, agent.id).strip()
    entry = (
        _append_note(connection, call_id, agent, text=text, disposition=disposition, at=at) if text else None
    )
    wrap_ups.finish(
        connection,
        call_id,
        agent.id,
        disposition=disposition,
        entry_id=None if entry is None else entry.id,
        at=at,
    )
    if text:
        read_words(connection, Thing.CALL, call_id, text, at)
    return entry


def _append_note(
    connection: Connection, call_id: str, agent: Agent, *, text: str, disposition: str, at: datetime
) -> Entry:
    new = NewEntry(
        kind=EntryKind.NOTE,
        source=SOURCE,
        source_key=f"wrap_up/{call_id}/{agent.id}",
        at=at,
        body=text,
        author=agent.name,
        call_id=call_id,
        payload={"agent_id": agent.id, "disposition": disposition},
    )
    return timeline.get_entry(connection, append_and_tell(connection, new).id)

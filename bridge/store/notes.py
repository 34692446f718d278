"""Drafts of notes, one for each agent and call, saved at each pause in typing until the wrap-up makes one entry of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, union_all, update

from bridge.domain.call import NoteDraft
from bridge.domain.card import CallNote
from bridge.domain.times import iso
from bridge.errors import Conflict
from bridge.store.prepared import Prepared
from bridge.store.schema import agent, note_draft, timeline_entry, wrap_up

_of = (note_draft.c.call_id == bindparam("call"), note_draft.c.agent_id == bindparam("agent"))
_find = select(note_draft).where(*_of)
_save = (
    update(note_draft)
    .where(*_of, note_draft.c.rev < bindparam("new_rev"))
    .values(text=bindparam("new_text"), rev=bindparam("new_rev"), saved_at=bindparam("at"))
)
_remove = delete(note_draft).where(*_of)

_OF_OTHERS = Prepared(
    union_all(
        select(agent.c.name.label("author"), note_draft.c.text, note_draft.c.saved_at.label("at"))
        .join(agent, agent.c.id == note_draft.c.agent_id)
        .where(note_draft.c.call_id == bindparam("call"), note_draft.c.agent_id != bindparam("agent")),
        select(timeline_entry.c.author, timeline_entry.c.body, timeline_entry.c.occurred_at)
        .join(wrap_up, wrap_up.c.entry_id == timeline_entry.c.id)
        .where(
            wrap_up.c.call_id == bindparam("call"),
            wrap_up.c.agent_id != bindparam("agent"),
            timeline_entry.c.redacted_at.is_(None),
        ),
    )
)


def _draft(row: Row[Any]) -> NoteDraft:
    return NoteDraft(call_id=row.call_id, text=row.text, rev=row.rev, saved_at=iso(row.saved_at))


def find_draft(connection: Connection, call_id: str, agent_id: str) -> NoteDraft | None:
    row = connection.execute(_find, {"call": call_id, "agent": agent_id}).one_or_none()
    return None if row is None else _draft(row)


def list_of_others(connection: Connection, call_id: str, agent_id: str) -> list[CallNote]:
    """What the agents of this call other than this one have written on it, drafts included, oldest first."""
    rows = _OF_OTHERS.rows(connection, call=call_id, agent=agent_id)
    rows.sort(key=lambda row: row.at)
    return [CallNote(author=row.author, text=row.text, at=iso(row.at)) for row in rows if row.text.strip()]


def save_draft(
    connection: Connection, call_id: str, agent_id: str, *, text: str, rev: int, at: datetime
) -> NoteDraft:
    """Store `text` as revision `rev`; the same again changes nothing. Raises Conflict when the stored one is as new or newer."""
    key = {"call": call_id, "agent": agent_id}
    saved = connection.execute(_save, {**key, "new_text": text, "new_rev": rev, "at": at})
    if saved.rowcount == 0:
        stored = find_draft(connection, call_id, agent_id)
        if stored is not None and (stored.rev, stored.text) == (rev, text):
            return stored
        if stored is not None:
            raise Conflict(f"revision {stored.rev} is stored already")
        connection.execute(
            insert(note_draft).values(call_id=call_id, agent_id=agent_id, text=text, rev=rev, saved_at=at)
        )
    return NoteDraft(call_id=call_id, text=text, rev=rev, saved_at=iso(at))


def take_draft(connection: Connection, call_id: str, agent_id: str) -> str:
    """The draft's text, which is then gone; "" when there is none."""
    draft = find_draft(connection, call_id, agent_id)
    connection.execute(_remove, {"call": call_id, "agent": agent_id})
    return "" if draft is None else draft.text

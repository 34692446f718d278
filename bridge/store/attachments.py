"""Files that came with an entry. The bytes lie in the home under attachments/, named by their SHA-256."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bridge.domain.entry import Entry
from bridge.domain.ids import new_id
from bridge.errors import NotFound
from bridge.store import schema
from bridge.store.types import Id

_attachment = schema.attachment
_upload = schema.upload
_entry = schema.timeline_entry


class FileState(enum.StrEnum):
    STORED = "stored"
    WAITING = "waiting"
    """Its channel has still to fetch it."""
    REFUSED = "refused"
    """It is not kept; the reason says why."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """`size` in bytes. `sha256` is "" unless it is stored; `reference` is what its channel fetches it by,
    `cid` by what the HTML of its mail shows it.
    """

    id: str
    name: str
    media_type: str
    size: int
    sha256: str
    state: FileState = FileState.STORED
    reason: str = ""
    reference: str = ""
    cid: str = ""

    def shown(self) -> dict[str, Any]:
        """What an entry's payload says of it."""
        shown = {"id": self.id, "name": self.name, "media_type": self.media_type, "size": self.size}
        if self.state is not FileState.STORED:
            shown["state"] = self.state.value
        return {**shown, "reason": self.reason} if self.reason else shown


@dataclass(frozen=True, slots=True)
class Waiting:
    """An attachment that is not there yet: it is fetched by `reference`, as of the inbox of this key."""

    entry_id: str
    channel: str
    inbox_key: str
    reference: str


_BY_ID = select(_attachment).where(_attachment.c.id == bindparam("attachment_id", type_=Id))
_BY_IDS = select(_attachment).where(_attachment.c.id.in_(bindparam("ids", expanding=True, type_=Id)))
_OF_ENTRY = (
    select(_attachment)
    .where(_attachment.c.entry_id == bindparam("entry_id", type_=Id))
    .order_by(_attachment.c.id)
)
_BESIDE = (
    select(_attachment)
    .where(
        _attachment.c.entry_id
        == select(_attachment.c.entry_id)
        .where(_attachment.c.id == bindparam("attachment_id", type_=Id))
        .scalar_subquery(),
        _attachment.c.cid != "",
    )
    .order_by(_attachment.c.id)
)
_READABLE = _BY_ID.join(_entry, _entry.c.id == _attachment.c.entry_id).where(_entry.c.redacted_at.is_(None))
_WAITING = (
    select(_attachment.c.entry_id, schema.inbox.c.channel, schema.inbox.c.key, _attachment.c.reference)
    .join(_entry, _entry.c.id == _attachment.c.entry_id)
    .join(schema.conversation, schema.conversation.c.id == _entry.c.conversation_id)
    .join(schema.inbox, schema.inbox.c.id == schema.conversation.c.inbox_id)
    .where(
        _attachment.c.id == bindparam("attachment_id", type_=Id),
        _attachment.c.state == FileState.WAITING,
    )
)
_CHANGE = update(_attachment).where(_attachment.c.id == bindparam("attachment_id", type_=Id))
_UPLOADS = select(_upload).where(
    _upload.c.agent_id == bindparam("agent_id", type_=Id),
    _upload.c.id.in_(bindparam("ids", expanding=True, type_=Id)),
)


def make_attachment(name: str, media_type: str, size: int, sha256: str) -> Attachment:
    """With a new id; the entry that it belongs to is appended first, then `add_attachments` keeps it."""
    return Attachment(new_id(), name, media_type, size, sha256)


def list_of_entry(conn: Connection, entry_id: str) -> list[Attachment]:
    """In the order in which they came."""
    return [_attachment_of(row) for row in conn.execute(_OF_ENTRY, {"entry_id": entry_id})]


def get_attachment(conn: Connection, attachment_id: str) -> Attachment:
    """Raises NotFound, also where the entry was redacted."""
    row = conn.execute(_READABLE, {"attachment_id": attachment_id}).one_or_none()
    if row is None:
        raise NotFound("no such attachment")
    return _attachment_of(row)


def list_pictures_of(conn: Connection, html_id: str) -> list[Attachment]:
    """What the laid-out mail shows of its own parts."""
    return [_attachment_of(row) for row in conn.execute(_BESIDE, {"attachment_id": html_id})]


def add_attachments(conn: Connection, entry_id: str, attachments: Sequence[Attachment]) -> None:
    if attachments:
        conn.execute(insert(_attachment), [{"entry_id": entry_id, **asdict(each)} for each in attachments])


def find_waiting(conn: Connection, attachment_id: str) -> Waiting | None:
    """None when it has been fetched or refused."""
    row = conn.execute(_WAITING, {"attachment_id": attachment_id}).one_or_none()
    return None if row is None else Waiting(*row)


def set_stored(conn: Connection, attachment_id: str, media_type: str, size: int, sha256: str) -> None:
    values = {"state": FileState.STORED, "media_type": media_type, "size": size, "sha256": sha256}
    conn.execute(_CHANGE.values(values), {"attachment_id": attachment_id})


def set_refused(conn: Connection, attachment_id: str, reason: str) -> None:
    values = {"state": FileState.REFUSED, "reason": reason}
    conn.execute(_CHANGE.values(values), {"attachment_id": attachment_id})


def with_files(conn: Connection, entries: list[Entry]) -> list[Entry]:
    """Entries with what has become of the files that were waited for when they were appended. Most have none: no query then."""
    return [_with_files(conn, entry) if _has_waited(entry) else entry for entry in entries]


def _has_waited(entry: Entry) -> bool:
    files = entry.payload.get("attachments", ())
    return any(file.get("state") == FileState.WAITING for file in files)


def _with_files(conn: Connection, entry: Entry) -> Entry:
    given = entry.payload["attachments"]
    rows = conn.execute(_BY_IDS, {"ids": [file["id"] for file in given]})
    known = {row.id: _attachment_of(row).shown() for row in rows}
    files = [known.get(file["id"], file) for file in given]
    return msgspec.structs.replace(entry, payload={**entry.payload, "attachments": files})


def add_upload(conn: Connection, agent_id: str, file: Attachment, at: datetime) -> None:
    row = {"id": file.id, "name": file.name, "media_type": file.media_type, "size": file.size}
    conn.execute(insert(_upload), {**row, "sha256": file.sha256, "agent_id": agent_id, "at": at})


def take_uploads(conn: Connection, agent_id: str, ids: Sequence[str]) -> list[Attachment]:
    """The agent's uploads of these ids, in their order: they are uploads no longer. Raises NotFound."""
    rows = {row.id: row for row in conn.execute(_UPLOADS, {"agent_id": agent_id, "ids": list(ids)})}
    if len(rows) != len(ids):
        raise NotFound("no such upload, or it was sent already")
    conn.execute(delete(_upload).where(_upload.c.id.in_(list(rows))))
    return [
        Attachment(each, rows[each].name, rows[each].media_type, rows[each].size, rows[each].sha256)
        for each in ids
    ]


def _attachment_of(row: Any) -> Attachment:
    return Attachment(
        row.id,
        row.name,
        row.media_type,
        row.size,
        row.sha256,
        FileState(row.state),
        row.reason,
        row.reference,
        row.cid,
    )

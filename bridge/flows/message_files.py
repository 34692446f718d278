"""What a message brings, as the files of its entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.files import MOST_SHOWN, PICTURES
from bridge.domain.message import InboundFile, InboundMessage
from bridge.domain.texts import storable
from bridge.domain.topic import Topic
from bridge.store import attachments, outbox
from bridge.store.attachments import Attachment, FileState, make_attachment


def files_of(message: InboundMessage, payload: dict[str, object]) -> list[Attachment]:
    """What it brings, named in `payload`; pictures that its HTML shows are not named."""
    files = _with_pictures([_attachment_of(file) for file in message.attachments])
    if named := [file.shown() for file in files if not file.cid]:
        payload["attachments"] = named
    if message.html is not None:
        html = _attachment_of(message.html)
        payload["html"] = html.id
        files.append(html)
    return files


def _with_pictures(files: Sequence[Attachment]) -> list[Attachment]:
    """Only what is a picture by its content, and while there is room for it, is shown inside the mail."""
    room, seen, placed = MOST_SHOWN, set[str](), list[Attachment]()
    for file in files:
        is_picture = file.media_type in PICTURES and bool(file.sha256)
        if file.cid and is_picture and file.size <= room and file.cid not in seen:
            room -= file.size
            seen.add(file.cid)
            placed.append(file)
        else:
            placed.append(replace(file, cid=""))
    return placed


def _attachment_of(file: InboundFile) -> Attachment:
    made = make_attachment(file.name or "file", file.media_type, file.size, file.sha256)
    if file.refused:
        return replace(made, state=FileState.REFUSED, reason=file.refused)
    if file.reference:
        return replace(made, state=FileState.WAITING, reference=file.reference)
    return replace(made, cid=storable(file.cid))


def add_files(connection: Connection, entry_id: str, files: Sequence[Attachment], at: datetime) -> None:
    """With the work of fetching those that are still with the provider."""
    attachments.add_attachments(connection, entry_id, files)
    for file in files:
        if file.state is FileState.WAITING:
            outbox.put(connection, Topic.FETCH, file.id, at)

"""history.jsonl: messages of other systems, put on the timelines. Imported conversations are resolved.

{"channel", "source", "source_key", "at", "direction": "inbound|outbound", "from": {"kind", "address"}, "agent"?,
"thread"?, "text", "attachments"?}. `from` is the customer's address in both directions; attachments are paths relative
to the file's folder.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from sqlalchemy import Connection

from bridge.domain.address import canonical
from bridge.domain.customer import Identity
from bridge.domain.entry import EntryDirection, EntryKind
from bridge.domain.texts import storable
from bridge.domain.times import parse_iso, utc_now
from bridge.errors import InvalidInput
from bridge.flows.import_rows import (
    ImportResult,
    Progress,
    RawRow,
    Saved,
    decode_row,
    json_lines,
    run_import,
)
from bridge.flows.keep_file import keep_file
from bridge.store import attachments, conversations, people, timeline
from bridge.store.attachments import Attachment
from bridge.store.conversations import NewConversation
from bridge.store.engine import BatchWriter
from bridge.store.people import NewCustomer
from bridge.store.timeline import NewEntry

_PHONE = "phone"
_Key = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
_Channel = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{1,15}$")]
_LARGEST_FILE = 64 << 20


class Address(msgspec.Struct, frozen=True):
    kind: str
    address: str


class HistoryLine(msgspec.Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """A line as it is written."""

    channel: _Channel
    source: _Key
    source_key: _Key
    at: str
    direction: Literal["inbound", "outbound"]
    sender: Address
    text: str
    agent: str | None = None
    thread: _Key | None = None
    attachments: tuple[str, ...] = ()


class HistoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line with its address in canonical form."""

    line: HistoryLine
    at: datetime
    identity: Identity
    text: str


def import_history(
    path: Path,
    *,
    url: str,
    region: str,
    attachments_folder: Path,
    sample: bool = False,
    report: Path | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """`region` is where numbers without a country code are at home. Raises InvalidInput when the file cannot be read."""
    now = utc_now()

    def save(writer: BatchWriter, row: HistoryRow) -> Saved:
        files = [_keep(path.parent, name, attachments_folder) for name in row.line.attachments]
        return writer.run(save_message, row, files, now=now, sample=sample)

    parse = partial(parse_message, region=region)
    return run_import(path, json_lines(path), parse, save, url=url, report=report, progress=progress)


def parse_message(row: RawRow, *, region: str) -> HistoryRow:
    """Raises InvalidInput with the JSON path."""
    line = decode_row(row, HistoryLine)
    try:
        at = parse_iso(line.at)
    except ValueError as error:
        raise InvalidInput(str(error), where="at") from error
    try:
        identity = canonical(line.sender.kind, line.sender.address, region)
    except InvalidInput as error:
        raise InvalidInput(str(error), where="from.address") from error
    return HistoryRow(line=line, at=at, identity=identity, text=storable(line.text))


def save_message(
    conn: Connection, row: HistoryRow, files: Sequence[Attachment], *, now: datetime, sample: bool = False
) -> Saved:
    """Append the message once; its sender becomes a customer when nobody has the address."""
    line = row.line
    if timeline.find_by_source(conn, line.source, line.source_key) is not None:
        return Saved.UNCHANGED
    owner = people.resolve_owner(
        conn,
        row.identity,
        NewCustomer(name=row.identity.address, sample=sample),
        evidence={"source": "import", "reason": "history", "source_key": line.source_key},
        at=now,
    )
    conversation_id = None
    if line.thread or line.channel != _PHONE:
        conversation_id = conversations.resolve_past(
            conn,
            NewConversation(
                channel=line.channel,
                thread_key=line.thread or owner.leaf_id,
                at=row.at,
                customer_id=owner.leaf_id,
            ),
        )
    inbound = line.direction == "inbound"
    payload: dict[str, Any] = {"attachments": [file.shown() for file in files]} if files else {}
    appended = timeline.append(
        conn,
        NewEntry(
            kind=EntryKind.MESSAGE,
            source=line.source,
            source_key=line.source_key,
            at=row.at,
            body=row.text,
            channel=line.channel,
            direction=EntryDirection(line.direction),
            author=owner.name if inbound else storable(line.agent or ""),
            customer_id=owner.leaf_id,
            identity_id=owner.identity_id,
            conversation_id=conversation_id,
            payload=payload,
        ),
    )
    attachments.add_attachments(conn, appended.id, files)
    return Saved.CREATED


def _keep(folder: Path, name: str, kept: Path) -> Attachment:
    """Copy an attachment into the home. Raises InvalidInput for one that is missing or outside the file's folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise InvalidInput("outside the folder of the file", where=f"attachments: {name}")
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise InvalidInput(f"larger than {_LARGEST_FILE >> 20} MB", where=f"attachments: {name}")
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(error.strerror or str(error), where=f"attachments: {name}") from error
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return attachments.make_attachment(path.name, media_type, len(data), keep_file(kept, data))

"""Mail of an mbox file or a Maildir, put on the timelines as messages of resolved conversations.

Our own addresses are those of the e-mail inboxes; the customer is the other side. Nothing here proves who wrote a mail:
identities from it are claimed (invariant 6). mbox as RFC 4155 and its "mboxrd" variant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection

from bridge.domain.customer import Identity
from bridge.domain.entry import EntryDirection, EntryKind
from bridge.domain.mail import LARGEST, Mail, MailAddress, parse_mail
from bridge.domain.times import utc_now
from bridge.errors import InvalidInput
from bridge.flows.import_rows import CHUNK_BYTES, Chunk, ImportResult, Progress, RawRow, Saved, run_import
from bridge.flows.keep_file import keep_file
from bridge.flows.suggest_merges import suggest_signature
from bridge.store import attachments, conversations, inboxes, people, timeline
from bridge.store.attachments import Attachment
from bridge.store.conversations import NewConversation
from bridge.store.engine import BatchWriter, connect_reader
from bridge.store.people import NewCustomer
from bridge.store.timeline import NewEntry

SOURCE = "email"
CHANNEL = "email"
_CHUNK_MAILS = 100
_SEPARATOR = re.compile(rb"From [^\r\n]{0,300}\d\d:\d\d[^\r\n]{0,100}\r?\n")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


def import_mail(
    path: Path,
    *,
    url: str,
    attachments_folder: Path,
    region: str = "",
    sample: bool = False,
    report: Path | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Import an mbox file or a Maildir. `region` is where a phone in a signature is at home without a country code.

    Raises InvalidInput for what is neither.
    """
    now = utc_now()
    with_mails = _maildir(path) if path.is_dir() else _mbox(path)
    with connect_reader(url) as connection:
        own = {
            inbox.address: inbox.id for inbox in inboxes.list_inboxes(connection, CHANNEL) if inbox.address
        }

    def save(writer: BatchWriter, mail: Mail) -> Saved:
        files = [
            attachments.make_attachment(
                one.name, one.media_type, len(one.data), keep_file(attachments_folder, one.data)
            )
            for one in mail.attachments
        ]
        return writer.run(save_mail, mail, files, own=own, now=now, region=region, sample=sample)

    return run_import(path, with_mails, parse_row, save, url=url, report=report, progress=progress)


def parse_row(row: RawRow) -> Mail:
    """Raises InvalidInput saying what is wrong with the mail."""
    if row.file:
        return parse_mail(row.data)
    envelope, _, data = row.data.partition(b"\n")
    return parse_mail(_ESCAPED.sub(rb"\1", data), received_at=_envelope_date(envelope))


def save_mail(
    conn: Connection,
    mail: Mail,
    files: Sequence[Attachment],
    *,
    own: Mapping[str, str],
    now: datetime,
    region: str = "",
    sample: bool = False,
) -> Saved:
    """Append the mail once. `own` gives the inbox of each of our addresses. Raises InvalidInput for mail among ourselves."""
    if timeline.find_by_source(conn, SOURCE, mail.key) is not None:
        return Saved.UNCHANGED
    inbound = mail.sender.address not in own
    customer = _other_side(mail, own)
    owner = people.resolve_owner(
        conn,
        Identity("email", customer.address),
        NewCustomer(name=customer.name or customer.address, sample=sample),
        evidence={"source": "import", "reason": "mail", "source_key": mail.key},
        at=now,
    )
    ours = (recipient.address for recipient in mail.recipients) if inbound else (mail.sender.address,)
    inbox_id = next((own[address] for address in ours if address in own), None)
    conversation_id = _find_parents_conversation(conn, mail) or conversations.resolve_past(
        conn,
        NewConversation(
            channel=CHANNEL,
            thread_key=mail.thread,
            at=mail.at,
            inbox_id=inbox_id,
            customer_id=owner.leaf_id,
            subject=mail.subject,
        ),
    )
    appended = timeline.append(
        conn,
        NewEntry(
            kind=EntryKind.MESSAGE,
            source=SOURCE,
            source_key=mail.key,
            at=mail.at,
            body=mail.text,
            channel=CHANNEL,
            direction=EntryDirection.INBOUND if inbound else EntryDirection.OUTBOUND,
            author=mail.sender.name or mail.sender.address,
            customer_id=owner.leaf_id,
            identity_id=owner.identity_id,
            conversation_id=conversation_id,
            payload=_payload(mail, files),
        ),
    )
    attachments.add_attachments(conn, appended.id, files)
    if inbound:
        suggest_signature(conn, owner, mail.text, region=region, source_key=mail.key, at=now)
    return Saved.CREATED


def _payload(mail: Mail, files: Sequence[Attachment]) -> dict[str, object]:
    said = {
        "subject": mail.subject,
        "quoted": mail.quoted,
        "attachments": [file.shown() for file in files],
    }
    return {name: value for name, value in said.items() if value}


def _other_side(mail: Mail, own: Mapping[str, str]) -> MailAddress:
    if mail.sender.address not in own:
        return mail.sender
    found = next((recipient for recipient in mail.recipients if recipient.address not in own), None)
    if found is None:
        raise InvalidInput("a mail from us to us: it has no customer")
    return found


def _find_parents_conversation(conn: Connection, mail: Mail) -> str | None:
    """The conversation of the nearest message that it answers and that is here: References are often cut short."""
    for parent in mail.parents[:10]:
        found = timeline.find_by_source(conn, SOURCE, parent)
        if found is not None:
            conversation_id = timeline.get_entry(conn, found.id).conversation_id
            if conversation_id is not None:
                conversations.stretch(conn, conversation_id, mail.at)
                return conversation_id
    return None


def _envelope_date(envelope: bytes) -> datetime | None:
    """The time of delivery in an mbox "From " line (RFC 4155, appendix A: UTC)."""
    words = envelope.decode("ascii", "replace").split()
    try:
        _, month, day, clock, year = words[-5:]
        return parsedate_to_datetime(f"{day} {month} {year} {clock} +0000")
    except ValueError:
        return None


def _mbox(path: Path) -> Iterator[Chunk]:
    try:
        with path.open("rb") as file:
            if not file.readline(1000).startswith(b"From "):
                raise InvalidInput("not an mbox: its first line does not begin with 'From '", where=str(path))
            file.seek(0)
            yield from _chunks(_mails(file), file)
    except OSError as error:
        raise InvalidInput(error.strerror or str(error), where=str(path)) from error


def _mails(file: BinaryIO) -> Iterator[RawRow]:
    """Mails with the line that they begin in; of one that is too large, only as much as says so."""
    begin = 1
    lines: list[bytes] = []
    size = 0
    blank = True
    for number, line in enumerate(file, 1):
        if blank and _SEPARATOR.fullmatch(line) and lines:
            yield RawRow(begin, b"".join(lines))
            begin, lines, size = number, [], 0
        blank = line in (b"\n", b"\r\n")
        size += len(line)
        if size <= LARGEST + CHUNK_BYTES:
            lines.append(line)
    if lines:
        yield RawRow(begin, b"".join(lines))


def _maildir(path: Path) -> Iterator[Chunk]:
    folders = [path / name for name in ("cur", "new")]
    if not any(folder.is_dir() for folder in folders):
        raise InvalidInput("not a Maildir: it has neither cur nor new", where=str(path))
    files = sorted(
        file for folder in folders if folder.is_dir() for file in folder.iterdir() if file.is_file()
    )
    rows = (RawRow(1, file.read_bytes(), f"{file.parent.name}/{file.name}") for file in files)
    yield from _chunks(rows, None)


def _chunks(mails: Iterator[RawRow], file: BinaryIO | None) -> Iterator[Chunk]:
    rows: list[RawRow] = []
    size = done = 0
    for mail in mails:
        rows.append(mail)
        size += len(mail.data)
        done += len(mail.data)
        if len(rows) >= _CHUNK_MAILS or size >= CHUNK_BYTES:
            yield Chunk(rows, file.tell() if file is not None else done)
            rows, size = [], 0
    yield Chunk(rows, file.tell() if file is not None else done)

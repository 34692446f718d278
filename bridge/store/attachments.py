"""Files that came with an entry. The bytes lie in the home under attachments/, named by their SHA-256."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from bridge.domain.ids import new_id
from bridge.store import schema
from bridge.store.types import Id

_attachment = schema.attachment
_OF_ENTRY = (
    select(_attachment)
    .where(_attachment.c.entry_id == bindparam("entry_id", type_=Id))
    .order_by(_attachment.c.id)
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """`size` in bytes."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str

    def shown(self) -> dict[str, Any]:
        """What an entry's payload says of it."""
        return {"id": self.id, "name": self.name, "media_type": self.media_type, "size": self.size}


def make_attachment(name: str, media_type: str, size: int, sha256: str) -> Attachment:
    """With a new id; the entry that it belongs to is appended first, then `add_attachments` keeps it."""
    return Attachment(new_id(), name, media_type, size, sha256)


def list_of_entry(conn: Connection, entry_id: str) -> list[Attachment]:
    """In the order in which they came."""
    return [
        Attachment(row.id, row.name, row.media_type, row.size, row.sha256)
        for row in conn.execute(_OF_ENTRY, {"entry_id": entry_id})
    ]


def add_attachments(conn: Connection, entry_id: str, attachments: Sequence[Attachment]) -> None:
    if attachments:
        conn.execute(
            insert(_attachment),
            [
                {
                    "id": attachment.id,
                    "entry_id": entry_id,
                    "name": attachment.name,
                    "media_type": attachment.media_type,
                    "size": attachment.size,
                    "sha256": attachment.sha256,
                }
                for attachment in attachments
            ],
        )

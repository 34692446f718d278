"""Files that came with an entry. The bytes lie in the home under attachments/, named by their SHA-256."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert

from bridge.domain.ids import new_id
from bridge.store import schema

_attachment = schema.attachment


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

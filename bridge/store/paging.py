"""The opaque place in a list that is paged by key (time, id), newest first: what `next` gives and `before` takes."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from bridge.domain.times import iso, parse_iso
from bridge.errors import InvalidInput


def place(at: datetime, row_id: str) -> str:
    return base64.urlsafe_b64encode(f"{iso(at)} {row_id}".encode()).decode().rstrip("=")


def read_place(text: str) -> tuple[datetime, str]:
    """Raises InvalidInput for anything that `place` did not make."""
    try:
        at, _, row_id = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(" ")
        return parse_iso(at), row_id
    except (binascii.Error, UnicodeError, ValueError, OverflowError) as error:
        raise InvalidInput("not a place in a list: give what `next` said", where="before") from error

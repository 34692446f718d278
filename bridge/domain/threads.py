"""How a conversation is named in what its customer sends back: in an address that only they were told, and in a subject."""

from __future__ import annotations

import base64
import uuid
from typing import Final

FORGED: Final = "forged/"
"""Begins the thread of what is not from the sender that it names: each is a conversation of its own."""
_BYTES: Final = 16
_DIGITS: Final = 8


def token_of(conversation_id: str) -> str:
    """26 letters and digits, in any case the same. Its id has 62 bits of chance: who has the token was told it."""
    return base64.b32encode(uuid.UUID(conversation_id).bytes).decode().rstrip("=").lower()


def conversation_of(token: str) -> str:
    """The id that `token_of` was given, "" for what is no token."""
    padded = token.upper() + "=" * (-len(token) % 8)
    try:
        data = base64.b32decode(padded)
    except ValueError:
        return ""
    return str(uuid.UUID(bytes=data)) if len(data) == _BYTES else ""


def number_of(conversation_id: str) -> str:
    """Eight digits for a subject. Anybody may guess some: it counts among the conversations of its writer only."""
    return str(uuid.UUID(conversation_id).int % 10**_DIGITS).zfill(_DIGITS)

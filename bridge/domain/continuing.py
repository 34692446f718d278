"""Continue-links: what brings a matter that was begun on one channel to another one, with who it is.

A link carries a token that says nothing to anybody but us, works once and expires. On the telephone a code of six digits
stands for it, pressed during the call and ended with #.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import re
import secrets
from typing import Final

import msgspec

from pbx.interface import CODE_DIGITS

PHONE: Final = "phone"
_MARK: Final = "go-"
# 15 bytes are 24 letters of base32 without padding; no case, for mail servers fold it.
_TOKEN: Final = re.compile(rf"(?<![0-9a-z-]){_MARK}[a-z2-7]{{24}}(?![0-9a-z])", re.IGNORECASE)


class Fate(enum.StrEnum):
    """What a token that came is worth."""

    GOES_ON = "goes_on"
    AGAIN = "again"
    """Whoever used it shows it once more."""
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class ContinueLink(msgspec.Struct, frozen=True, kw_only=True):
    """What to give to the customer: `text` in their language, which has all of it. `number` and `code` are the telephone's."""

    channel: str
    url: str
    text: str
    expires_at: str = ""
    number: str | None = None
    code: str | None = None


def new_token() -> str:
    """120 random bits, as they may stand in an address, a URL or a text."""
    return _MARK + base64.b32encode(secrets.token_bytes(15)).decode().lower()


def new_code() -> str:
    """What a telephone can press."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def find_token(text: str) -> str:
    """The first token that stands in `text`, "" when there is none."""
    found = _TOKEN.search(text)
    return found[0].lower() if found else ""


def take_token(text: str) -> tuple[str, str]:
    """The first token that stands in `text`, "" when there is none, and the text without it."""
    found = _TOKEN.search(text)
    if found is None:
        return "", text
    return found[0].lower(), (text[: found.start()] + text[found.end() :]).strip()


def seal(token: str, key: str) -> str:
    """What is stored of a token or a code: nobody makes one of it, or guesses six digits from it, without our key."""
    return hmac.digest(key.encode(), token.encode(), hashlib.sha256).hex()

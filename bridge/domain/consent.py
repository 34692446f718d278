"""What people have allowed us to write to them, and what not; the words in which they say so in passing."""

from __future__ import annotations

import enum
import re
from functools import lru_cache

import msgspec

from bridge.domain.catalogue import LANGUAGES, texts


class Purpose(enum.StrEnum):
    """SERVICE is allowed until they say no, MARKETING only after they have said yes."""

    SERVICE = "service"
    """Answers, and what concerns their orders."""
    MARKETING = "marketing"


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's yes or no on a channel. Its proof: `words` as they were said, the entry they stand in if there is one, and
    who recorded it: an agent's id, or 'system' for what was read.
    """

    id: str
    channel: str
    purpose: Purpose
    granted: bool
    at: str
    words: str
    by: str
    entry_id: str | None = None


_WORDS = re.compile(r"\w+")


def said_in(text: str) -> bool | None:
    """False where the whole text is a wish not to be written to any more, True where it takes that back, else None.

    In any of our languages: catalogues, `consent.no` and `consent.yes`.
    """
    # A long text is no such word, whatever is in it.
    if len(text) > 60:
        return None
    return _words().get(" ".join(_WORDS.findall(text.casefold())))


@lru_cache(maxsize=1)
def _words() -> dict[str, bool]:
    found: dict[str, bool] = {}
    for key, means in (("consent.yes", True), ("consent.no", False)):
        for language in LANGUAGES:
            found |= dict.fromkeys(texts(language)[key].split(", "), means)
    return found

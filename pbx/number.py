"""Phone numbers: from whatever a trunk, a phone, a mail signature or a CSV cell says to E.164 or a clear "no".

Pure: only the tables of `phonenumbers`. Nothing here raises on any string, because caller ids come from
strangers. Only a number that is valid in the public plan becomes E.164 (and so may identify anybody);
all else keeps its kind, so that a desk can say "anonymous" or "internal 101" instead of a wrong name.

Two mends of `phonenumbers`, used only when the plain reading is not valid and they make it valid:
the old trunk prefix 8 of four countries (`8 (044) 545-01-00`), and one to five bracketed digits at the end
as a sub-number (`+380 44 545 01 00 (12)`).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import lru_cache
from typing import Final

import phonenumbers

from pbx.interface import NumberKind, PhoneNumber

MAX_LENGTH: Final = 64
"""Characters of the longest string that may be a number; longer ones are INVALID unread."""

_ANONYMOUS: Final = frozenset(
    {"anonymous", "unavailable", "unknown", "restricted", "withheld", "private", "blocked", "hidden"}
)
_OLD_TRUNK_8: Final = frozenset({"UA", "BY", "KZ", "MD"})

# phonenumbers fishes a number out of any text; what is not written like one must not reach it.
_SPACE = r" \t\u00a0\u2009\u202f"
_WRITTEN_AS_NUMBER = re.compile(rf"(?:tel:)?[+＋]?[\d{_SPACE}().\-/\u2010-\u2015\u2212]{{2,}}")
_SUB_NUMBER = re.compile(
    rf"(?P<main>.*[\d)])[{_SPACE},;(]*"
    r"(?:(?:доб|дод|вн|ext)[^\W\d]*|[xх#]|,)"
    rf"[{_SPACE}.:=№]*(?P<extension>[0-9]{{1,7}})[{_SPACE})#]*",
    re.IGNORECASE,
)
_BRACKETED = re.compile(rf"(?P<main>.*\d)[{_SPACE}]*\((?P<extension>[0-9]{{1,5}})\)")
_SHORT = re.compile(r"[*#]?\d{1,6}#?", re.ASCII)


def load_all_regions() -> None:
    """Read the tables of every region now: the first number of a region otherwise waits for them (the USA: 20 ms)."""
    phonenumbers.PhoneMetadata.load_all()


def parse(raw: str, region: str, extensions: Container[str] = frozenset()) -> PhoneNumber:
    """Read `raw` as somebody in `region` ("UA") would dial it. Never raises.

    `extensions` are the internal numbers that may stand here: leave it empty for what comes from a
    trunk, where a caller who calls himself 101 is not our colleague.
    """
    text = raw.strip()
    clean = _printable(text[:MAX_LENGTH])
    if not text or text.casefold() in _ANONYMOUS:
        return PhoneNumber(NumberKind.ANONYMOUS, clean)
    if text in extensions:
        return PhoneNumber(NumberKind.EXTENSION, clean, extension=text)
    if len(text) <= MAX_LENGTH:
        found = _find_public(text, region)
        if found is not None:
            return PhoneNumber(NumberKind.E164, clean, e164=found[0], extension=found[1])
    kind = NumberKind.SHORT_CODE if _SHORT.fullmatch(text) else NumberKind.INVALID
    return PhoneNumber(kind, clean)


@lru_cache(maxsize=1024)
def find_region(e164: str) -> str | None:
    """The region ("UA") whose numbering plan `e164` belongs to, None when it is no public number."""
    number = _parse_valid(e164, None)
    return phonenumbers.region_code_for_number(number) if number is not None else None


def format_for_display(e164: str, region: str) -> str:
    """As people in `region` write it: "044 545 0100" at home, "+49 30 901820" for abroad; other text unchanged."""
    number = _parse_valid(e164, None)
    if number is None:
        return e164
    at_home = number.country_code == phonenumbers.country_code_for_region(region)
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL if at_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(number, style)


@lru_cache(maxsize=8192)
def _find_public(text: str, region: str) -> tuple[str, str | None] | None:
    """(E.164, sub-number or None) of the first reading of `text` that is valid."""
    for reading, extension in _readings(text, region):
        number = _parse_valid(reading, region)
        if number is not None:
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            return e164, extension
    return None


def _readings(text: str, region: str) -> Iterator[tuple[str, str | None]]:
    """`text` as it stands, then mended: without bracketed digits, without the old trunk prefix, without both."""
    marked = _SUB_NUMBER.fullmatch(text)
    candidates = [_split(marked) if marked is not None else (text, None)]
    bracketed = _BRACKETED.fullmatch(text)
    if bracketed is not None:
        candidates.append(_split(bracketed))
    yield from candidates
    if text.startswith("8") and region in _OLD_TRUNK_8:
        for candidate, extension in candidates:
            yield candidate[1:], extension


def _split(match: re.Match[str]) -> tuple[str, str | None]:
    return match["main"], match["extension"]


def _parse_valid(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    if _WRITTEN_AS_NUMBER.fullmatch(text) is None:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _printable(text: str) -> str:
    """`text` fit for a database, a log and a screen: what cannot be shown (also half of a broken letter) becomes U+FFFD."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)

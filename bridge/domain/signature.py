"""Phone numbers in the signature of a mail: a hint at who the writer is, no more."""

from __future__ import annotations

import re
from typing import Final

from pbx.number import parse

LINES: Final = 8
"""Of a mail without a signature mark ("-- "), the last lines that are looked at."""
MOST: Final = 4
_MARK: Final = "-- "
_NUMBER = re.compile(r"[+＋(]?\d[\d \t\u00a0().\-\u2010-\u2015]{5,24}\d")


def find_phones(text: str, region: str) -> list[str]:
    """E.164, in their order. `region` is where a number without a country code is at home, "" for nowhere."""
    lines = text.splitlines()
    marks = [index for index, line in enumerate(lines) if line == _MARK]
    lines = lines[marks[-1] + 1 :] if marks else [line for line in lines if line.strip()]
    found = (parse(match, region).e164 for line in lines[-LINES:] for match in _NUMBER.findall(line))
    return list(dict.fromkeys(e164 for e164 in found if e164 is not None))[:MOST]

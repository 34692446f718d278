"""How far a browser has come in a talk: what comes after it is given once, whoever gave what was before.

Ids of entries sort by the time at which they were made, not by that of the commit, and are made by processes whose
clocks differ. So the cursor is the ids of the last seconds that the browser has, not the last id alone: what turns up among them
later is not passed over, and nothing is given twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bridge.channels.chat.bodies import LONGEST_CURSOR
from bridge.errors import InvalidInput

OVERLAP_MS: Final = 10_000
_MOST: Final = LONGEST_CURSOR // 37
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def parse(text: str) -> tuple[str, ...]:
    """The ids that the browser has. Raises InvalidInput for what is no cursor of ours."""
    ids = tuple(text.split(".")) if text else ()
    if not all(_ID.fullmatch(each) for each in ids):
        raise InvalidInput("this is no cursor of ours", where="cursor")
    return ids


def advance(known: Iterable[str], new: Iterable[str]) -> tuple[str, ...]:
    """The cursor once `new` is given as well."""
    ids = sorted({*known, *new})
    floor = start_of(ids)
    return tuple(each for each in ids if each >= floor)[-_MOST:]


def start_of(ids: Iterable[str]) -> str:
    """The smallest id that may still turn up."""
    newest = max(ids, default="")
    milliseconds = max(0, int(newest[:8] + newest[9:13], 16) - OVERLAP_MS) if newest else 0
    digits = f"{milliseconds:012x}"
    return f"{digits[:8]}-{digits[8:]}-0000-0000-000000000000"


def text_of(ids: Iterable[str]) -> str:
    return ".".join(ids)

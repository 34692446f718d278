"""Files from strangers: a name that is safe anywhere, and what they are by their bytes, whatever they call themselves."""

from __future__ import annotations

import re
from typing import Final

import filetype

from bridge.domain.texts import storable

LARGEST: Final = 25 << 20
"""Bytes of the largest file that comes with a message or goes with an answer."""
MOST: Final = 100
"""Files of one message that are kept."""
LONGEST_NAME: Final = 120
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser may show: pictures that can hold no script."""
MOST_SHOWN: Final = 8 << 20
"""Bytes of all pictures that are shown inside one mail."""
HTML: Final = "text/html"
"""Of the laid-out text of a mail only: no file that is looked into is called so."""

_ODD: Final = re.compile(r"[^\w.()@ +-]+")
_LOOKED_AT: Final = 8192
"""Bytes from the beginning that tell what a file is."""


def file_name(given: str) -> str:
    """Without directories, control characters and marks that turn the text around; "" when nothing is left."""
    plain = storable(given).replace("\\", "/").rpartition("/")[2]
    return _ODD.sub("_", plain).strip(" .")[:LONGEST_NAME]


def media_type_of(data: bytes) -> str:
    """By the first bytes; text is text/plain, HTML and scripts included."""
    head = data[:_LOOKED_AT]
    known = filetype.guess_mime(head)
    if known is not None:
        return str(known)
    # A letter may be cut in two at the end of what is looked at.
    text = head.decode("utf-8", "ignore").encode()
    return "application/octet-stream" if b"\0" in head or len(head) - len(text) > 3 else "text/plain"

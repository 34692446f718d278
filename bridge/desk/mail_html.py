"""A mail's HTML, made fit to be looked at: no script, no style sheet, no form, nothing that is loaded from anywhere.

Pictures are those of the mail's own parts, and are in the page itself: the frame it is shown in may ask for nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import nh3

from bridge.domain.html_text import own_part

MOST: Final = 2_000_000
"""Characters that are shown."""
CSP: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_TAGS: Final = nh3.ALLOWED_TAGS - {"map", "area"}
_HEAD: Final = (
    '<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light">'
    "<style>body{font:15px/1.45 system-ui,sans-serif;margin:12px;overflow-wrap:anywhere}"
    "img{max-width:100%;height:auto}</style>"
)


def picture(media_type: str, data: bytes) -> str:
    """A picture as a URL that holds it."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def clean_page(html: str, pictures: Mapping[str, str] = MappingProxyType({})) -> str:
    """A whole page, with `pictures` by their Content-ID. Takes some 30 ms for a megabyte: run it off the loop."""

    def placed(tag: str, attribute: str, value: str) -> str | None:
        if (tag, attribute) == ("img", "src"):
            return pictures.get(own_part(value))
        return None if own_part(value) else value

    cleaned = nh3.clean(
        html[:MOST],
        tags=_TAGS,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        attribute_filter=placed,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return _HEAD + cleaned

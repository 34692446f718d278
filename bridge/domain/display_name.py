"""What the agent's phone shows instead of a number: the most useful of what is known, in 40 characters.

"★ Іванова · замовлення 1043 не оплачено": a star for a VIP, who it is, what is open with them. When it gets too long the
organisation goes first, then the end of the name; what is open stays.
"""

from __future__ import annotations

import unicodedata

from bridge.domain.catalogue import say
from bridge.domain.order import OrderStatus

LENGTH = 40
_LEAST_NAME = 8
_STAR = "★ "
_TELLING = {OrderStatus.UNPAID: "order.unpaid", OrderStatus.ABANDONED: "order.abandoned"}


def display_name(
    name: str,
    *,
    language: str,
    vip: bool = False,
    organisation: str | None = None,
    order: str | None = None,
    order_status: OrderStatus | None = None,
) -> str | None:
    """At most 40 characters without control characters; None when there is nothing but a number to show.

    `language` is the company's. `order` and `order_status` are those of the newest order.
    """
    who = _clean(name)
    if not any(letter.isalpha() for letter in who):
        who = ""
    key = _TELLING.get(order_status) if order_status is not None else None
    opened = _clean(say(key, language, order=order)) if key is not None else ""
    room = LENGTH - (len(_STAR) if vip else 0)
    text = _fitted(who, _clean(organisation or ""), opened, room)
    if not text:
        return None
    return _STAR + text if vip else text


def _fitted(who: str, organisation: str, opened: str, room: int) -> str:
    if not who or not opened:
        long = f"{who}, {organisation}" if who and organisation else ""
        return long if 0 < len(long) <= room else _cut(who or opened, room)
    long = f"{who}, {organisation} · {opened}"
    if organisation and len(long) <= room:
        return long
    opened = _cut(opened, room - min(len(who), _LEAST_NAME) - 3)
    return f"{_cut(who, room - 3 - len(opened))} · {opened}"


def _cut(text: str, room: int) -> str:
    """The first words that fit; of a single long word, its beginning and an ellipsis."""
    if len(text) <= room:
        return text
    words, _, _ = text[: room + 1].rpartition(" ")
    return words.rstrip(" ,·") or text[: room - 1] + "…"


def _clean(text: str) -> str:
    """One line without control, format (right-to-left marks) and broken characters."""
    spaced = "".join(" " if letter.isspace() else letter for letter in text)
    return " ".join("".join(letter for letter in spaced if unicodedata.category(letter)[0] != "C").split())

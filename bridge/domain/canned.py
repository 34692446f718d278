"""Canned answers: texts that are written often, with places in braces for what differs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from bridge.errors import InvalidInput

VARIABLES: Final = (
    "customer.name",
    "agent.name",
    "company.name",
    "order.number",
    "order.total",
    "order.url",
    "conversation.subject",
)
"""What may stand in braces. The order is the customer's newest."""

_PLACE = re.compile(r"\{([^{}\n]*)\}")


class CannedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`text` has the variables in braces; `filled` is what it says in the conversation that it was asked for.

    A place whose value is not known stays as it is: whoever sends it has to fill it.
    """

    id: str
    title: str
    text: str
    filled: str | None = None


def check(text: str) -> None:
    """Raises InvalidInput for a variable that there is not."""
    unknown = [name for name in _PLACE.findall(text) if name not in VARIABLES]
    if unknown:
        raise InvalidInput(f"no variable {{{unknown[0]}}}: one of {', '.join(VARIABLES)}", where="text")


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with the values that are known and not empty; a value is never read as a place itself."""
    return _PLACE.sub(lambda place: values.get(place[1]) or place[0], text)

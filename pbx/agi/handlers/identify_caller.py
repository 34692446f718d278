"""Who is calling: `AGI(agi://…/identify_caller,${DIALLED})`, once for each call that comes in.

Sets the caller's name, language, priority and customer in one round trip. Whoever is not known rings with the
number as the name; a caller who withheld the number keeps what Asterisk shows for such callers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from pbx import variables
from pbx.agi.handlers import Services
from pbx.agi.session import AgiSession
from pbx.errors import Transient
from pbx.interface import CallerCard, NumberKind, PhoneNumber
from pbx.number import find_region, parse

NAME_LENGTH: Final = 40
_RESTRICTED: Final = 0x20
_PRESENTATION: Final = 0x60
_UNSHOWABLE = re.compile(r"[^0-9A-Za-z+*#.@_-]")


async def handle(session: AgiSession, services: Services) -> None:
    dialled = parse(session.environment.get("agi_arg_1", ""), services.region).e164 or ""
    number = read_caller(session.environment, find_region(dialled) or services.region)
    card = None
    if number.kind is NumberKind.E164:
        # A late or broken directory is no reason to hold the call: it rings as one from a stranger.
        with suppress(Transient):
            card = await services.lookup.find(number, dialled, session.opened_at)
    await session.set_variables(make_variables(number, card))


def read_caller(environment: Mapping[str, str], region: str) -> PhoneNumber:
    """The caller's number; ANONYMOUS as well when the network gave it to us but forbade showing it (CLIR)."""
    presentation = environment.get("agi_callingpres", "0")
    if presentation.isdecimal() and int(presentation) & _PRESENTATION == _RESTRICTED:
        return PhoneNumber(NumberKind.ANONYMOUS, raw="")
    return parse(environment.get("agi_callerid", ""), region)


def make_variables(number: PhoneNumber, card: CallerCard | None) -> dict[str, str]:
    """What the dialplan and the agent's phone get to know, for a card or for none."""
    card = card or CallerCard()
    values = {
        variables.IDENTIFIED: "1",
        "__" + variables.CUSTOMER: card.customer_id or "",
        variables.PRIORITY: str(card.priority),
    }
    name = _showable(card.display_name or "") or _number_as_name(number)
    if name:
        values[variables.DISPLAY_NAME] = name
    if card.language:
        values[variables.LANGUAGE] = card.language
    return values


def _showable(name: str) -> str:
    return "".join(c if c.isprintable() else " " for c in name).strip()[:NAME_LENGTH]


def _number_as_name(number: PhoneNumber) -> str:
    if number.kind is NumberKind.ANONYMOUS:
        return ""
    return number.e164 or _UNSHOWABLE.sub("", number.raw)[:NAME_LENGTH]

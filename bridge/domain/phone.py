"""What agents' phones can show of a caller besides the name: the rungs of the pop's ladder, by make of phone.

As measured, or read in the makers' documentation; a phone passes over a header that it does not know (RFC 3261
section 8.2.2), so the profile of a phone of no known make has the headers and no messages. The lowest rung, the caller's
name, and the highest, the desk, are always there.
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from bridge.settings import Phone, Settings


class Rung(enum.StrEnum):
    """MESSAGE: a SIP MESSAGE with lines of history. CALL_INFO: a URL that opens the card. CARD_HEADER: its bare token.

    RINGING: a helper script or the phone's action URL asks the server who rings.
    """

    MESSAGE = "message"
    CALL_INFO = "call_info"
    CARD_HEADER = "card_header"
    RINGING = "ringing"


ALL_RUNGS: Final = ("name", *Rung, "desk")
"""From the lowest to the highest."""
HEADERS: Final = frozenset({Rung.CALL_INFO, Rung.CARD_HEADER})
OTHER: Final = "other"
BROWSER: Final = "browser-phone"
"""The one profile that also changes how media is carried: by WebRTC."""

PROFILES: Final[dict[str, frozenset[Rung]]] = {
    "microsip": frozenset({Rung.MESSAGE, Rung.RINGING}),
    "linphone": frozenset({Rung.MESSAGE}),
    "zoiper": frozenset({Rung.MESSAGE, Rung.RINGING}),
    "bria": frozenset({Rung.MESSAGE, Rung.CALL_INFO, Rung.CARD_HEADER}),
    BROWSER: frozenset({Rung.MESSAGE, Rung.CALL_INFO, Rung.CARD_HEADER}),
    "desk-phone": frozenset({Rung.CALL_INFO, Rung.RINGING}),
    "baresip": frozenset({Rung.CALL_INFO, Rung.CARD_HEADER}),
    "name-only": frozenset(),
    OTHER: HEADERS,
}
"""The rungs that work, by profile."""


class PhoneRungs(msgspec.Struct, frozen=True, kw_only=True):
    """The phone of one extension: its profile, and the rungs that are on."""

    extension: str
    profile: str
    rungs: list[Rung]


def phone_rungs(settings: Settings, extension: str) -> PhoneRungs:
    """What the phone of an extension is, and shows."""
    phone = next(
        (each for each in settings.phones if each.extension == extension), Phone(extension=extension)
    )
    on = PROFILES[phone.profile] if phone.rungs is None else frozenset(map(Rung, phone.rungs))
    return PhoneRungs(extension=extension, profile=phone.profile, rungs=sorted(on))

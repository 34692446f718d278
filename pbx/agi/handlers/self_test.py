"""Whether calls would be identified now: asked by `pbx.agi.probe` for /readyz, never by the dialplan."""

from __future__ import annotations

from typing import Final

from pbx import variables
from pbx.agi.handlers import Services
from pbx.agi.session import AgiSession
from pbx.errors import Transient
from pbx.interface import NumberKind, PhoneNumber

NOBODY: Final = PhoneNumber(NumberKind.E164, raw="", e164="+99900000000")
"""Country code 999 is not assigned (ITU-T E.164 Annex), so nobody has this number."""


async def handle(session: AgiSession, services: Services) -> None:
    try:
        await services.lookup.find(NOBODY, "", session.opened_at)
    except Transient:
        outcome = "0"
    else:
        outcome = "1"
    await session.set_variables({variables.SELF_TEST: outcome})

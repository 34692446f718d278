"""The tokens by which a phone opens a caller's card without a login: one for each ringing leg, dead when the leg is.

Asterisk makes the token in the pre-dial handler of the leg, as the SHA-1 of a key that only this company's Asterisk and
server know and the leg's Uniqueid, and the server makes the same one when it hears of the leg: nobody waits for anybody.
(A keyed prefix suffices: key and Uniqueid are of fixed form, and who guesses has 160 bits to guess.)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bridge.flows.track_call import Change
from pbx.interface import AgentInvited, AgentLeft, AgentWithdrawn, CallEnded


def token_of(key: str, leg: str) -> str:
    """As [agent-invite] of extensions.conf makes it: 40 hex digits."""
    return hashlib.sha1(f"{key}{leg}".encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class PopTicket:
    """What a living token opens: the card of this call, as this agent sees it."""

    call_id: str
    extension: str


class PopTokens:
    """Follows the calls; `key` is the secret that Asterisk has too."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._tickets: dict[str, PopTicket] = {}

    def follow(self, change: Change) -> None:
        for event in change.events:
            match event:
                case AgentInvited():
                    token = token_of(self._key, event.leg)
                    self._tickets[token] = PopTicket(change.call_id, event.extension)
                case AgentWithdrawn() | AgentLeft():
                    self._tickets.pop(token_of(self._key, event.leg), None)
                case CallEnded():
                    for leg in change.call.legs:
                        self._tickets.pop(token_of(self._key, leg), None)

    def find(self, token: str) -> PopTicket | None:
        """None for one that was guessed, and for one whose leg is gone."""
        return self._tickets.get(token)

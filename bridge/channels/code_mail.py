"""Sign-in codes by mail, through whatever channel sends the company's mail."""

from __future__ import annotations

import contextlib
from typing import Final

from bridge.domain.catalogue import say
from bridge.domain.ids import new_id
from bridge.domain.message import OutboundMessage
from bridge.domain.ports import Sends
from bridge.errors import AnswerLost

EMAIL: Final = "email"


class CodeMail:
    """Implements `CodeSender`: as the inbox of this key, with its token."""

    def __init__(self, sender: Sends, token: str, inbox: str, company: str) -> None:
        self._sender = sender
        self._token = token
        self._inbox = inbox
        self._company = company

    async def send_code(self, address: str, code: str, language: str) -> None:
        message = OutboundMessage(
            key=new_id(),
            inbox=self._inbox,
            thread="",
            # Of a talk that there is not: an answer to this mail begins one.
            conversation_id=new_id(),
            to=address,
            subject=say("sign_in_code.subject", language, code=code),
            text=say("sign_in_code.text", language, code=code, company=self._company),
        )
        # Whoever does not get it asks for another one.
        with contextlib.suppress(AnswerLost):
            await self._sender.send(self._token, message)

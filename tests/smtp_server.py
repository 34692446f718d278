"""A real SMTP server of a test's own (aiosmtpd), which asks for a login and can fail in each way that a server has."""

from __future__ import annotations

import asyncio
import email
import enum
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Fault(enum.StrEnum):
    """What happens to a mail. In the last two it was taken all the same."""

    GREYLISTED = "451 4.7.1 Please try again later"
    NO_SUCH_USER = "550 5.1.1 No such user"
    TOO_LARGE = "552 5.3.4 Message too big"
    BUSY = "421 4.3.2 Too busy"
    CUT_OFF = "cut off"
    """The connection ends instead of an answer."""
    SILENT = "silent"
    """No answer ever."""


_AT_RECIPIENT = frozenset({Fault.GREYLISTED, Fault.NO_SUCH_USER})


@dataclass
class SmtpServer:
    """`sent` is what it has taken, in order; `faults` are those of the next mails."""

    password: str
    port: int = 0
    sent: list[Envelope] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    _server: asyncio.Server | None = None

    @property
    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(_bytes(each), policy=default) for each in self.sent]  # type: ignore[misc]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[SmtpServer]:
        await self.start()
        yield self
        await self.stop()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(
                self, authenticator=self._check, auth_required=True, auth_require_tls=False, loop=loop
            ),
            "127.0.0.1",
            self.port,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    def _check(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        given = isinstance(data, LoginPassword) and data.password.decode() == self.password
        return AuthResult(success=given)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.faults and self.faults[0] in _AT_RECIPIENT:
            return self.faults.popleft().value
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        fault = self.faults.popleft() if self.faults else None
        if fault in (Fault.TOO_LARGE, Fault.BUSY):
            return str(fault.value)
        self.sent.append(envelope)
        if fault is Fault.CUT_OFF and server.transport is not None:
            server.transport.abort()
        if fault is Fault.SILENT:
            await asyncio.Event().wait()
        return "250 OK"


def _bytes(envelope: Envelope) -> bytes:
    content = envelope.content
    return content if isinstance(content, bytes) else str(content).encode()

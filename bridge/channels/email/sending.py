"""Handing a mail to the company's mail server (RFC 5321), with each failure named by what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from bridge.errors import AnswerLost, RateLimited, Rejected, Transient
from bridge.names import await_name
from bridge.settings import Mailbox

SECONDS: Final = 20.0
"""For all that comes before the mail itself."""
DATA_SECONDS: Final = 100.0
RETRY_AFTER: Final = 120.0
"""Seconds after "not now": who is made to wait by greylisting has to for some minutes."""


async def send(mailbox: Mailbox, password: str, recipients: Sequence[str], mail: bytes) -> None:
    """Raises RateLimited, Transient, Rejected; AnswerLost when the server took the mail and said nothing."""
    client = SMTP(
        hostname=mailbox.smtp_host,
        port=mailbox.smtp_port,
        use_tls=mailbox.smtp_tls == "tls",
        start_tls=mailbox.smtp_tls == "starttls",
        timeout=SECONDS,
    )
    try:
        await _address(client, mailbox, password, recipients)
        await _hand_over(client, mail)
    finally:
        client.close()


async def _address(client: SMTP, mailbox: Mailbox, password: str, recipients: Sequence[str]) -> None:
    """All up to where the mail itself would come: nothing is sent yet."""
    try:
        async with asyncio.timeout(SECONDS):
            await await_name(mailbox.smtp_host, mailbox.smtp_port)
            await client.connect()
            if password:
                await client.ehlo()
                if not client.supports_extension("auth"):
                    raise Rejected("the mail server takes no login on this connection")
                await client.login(mailbox.login or mailbox.address, password)
            await client.mail(mailbox.address)
            for recipient in recipients:
                await client.rcpt(recipient)
    except SMTPResponseException as error:
        raise _refusal(error) from error
    except aiosmtplib.SMTPNotSupported as error:
        raise Rejected(f"the mail server cannot do that: {error}") from error
    except (SMTPException, OSError, TimeoutError) as error:
        raise Transient("the mail server cannot be reached") from error


async def _hand_over(client: SMTP, mail: bytes) -> None:
    try:
        async with asyncio.timeout(DATA_SECONDS):
            await client.data(mail, timeout=DATA_SECONDS)
    except SMTPResponseException as error:
        raise _refusal(error) from error
    except (SMTPException, OSError, TimeoutError) as error:
        raise AnswerLost("the mail server did not answer") from error


def _refusal(error: SMTPResponseException) -> Exception:
    said = f"{error.code} {' '.join(error.message.split())}"
    if 400 <= error.code < 500:
        return RateLimited(said, retry_after=RETRY_AFTER)
    return Rejected(said)

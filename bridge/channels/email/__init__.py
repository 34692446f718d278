"""A mailbox, by IMAP and SMTP: docs/howto/e-mail.md.

The key of an inbox is its address. What arrives is the raw mail, by the digest of its bytes; a message by its Message-ID, as
the import of mail has it, so that a mail that was imported is not received again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from bridge.channels.email import listening, sending
from bridge.channels.email.reading import read
from bridge.channels.email.writing import NAME, message_id, write
from bridge.domain.address import canonical_email
from bridge.domain.ids import new_id
from bridge.domain.message import OutboundMessage, Told
from bridge.domain.ports import Channel, First, Hook, Intake
from bridge.domain.times import utc_now
from bridge.errors import Forbidden, Rejected
from bridge.settings import Mailbox, Settings


class EmailChannel:
    """`region` is where numbers without a country code are at home; `company` is shown as who writes."""

    name = NAME
    first = First.ANYBODY
    reads_slowly = True

    def __init__(self, mailboxes: Sequence[Mailbox], region: str, company: str) -> None:
        self._mailboxes = {canonical_email(mailbox.address): mailbox for mailbox in mailboxes}
        self._region = region
        self._company = company

    def admit(self, hook: Hook, secret: str) -> str:
        raise Forbidden("mail comes by IMAP")

    def read(self, body: bytes, inbox: str, arrived_at: datetime) -> Sequence[Told]:
        mailbox = self._mailboxes.get(inbox)
        trusted = mailbox.trusted if mailbox else ""
        return read(
            body, inbox, arrived_at, region=self._region, server=trusted, own=frozenset(self._mailboxes)
        )

    @property
    def inboxes(self) -> Sequence[str]:
        return [address for address, mailbox in self._mailboxes.items() if mailbox.imap_host]

    async def listen(self, inbox: str, token: str, intake: Intake) -> None:
        await listening.listen(self._mailboxes[inbox], token, intake)

    def invite(self, address: str, token: str, begin: str) -> str:
        """By an address of its own where the mailbox has such, else in the subject."""
        local, _, host = address.rpartition("@")
        mailbox = self._mailboxes.get(address)
        if mailbox is not None and mailbox.plus:
            return f"mailto:{quote(f'{local}+{token}@{host}', safe='+@')}?subject={quote(begin)}"
        return f"mailto:{quote(address, safe='+@')}?subject={quote(f'{begin} [{token}]')}"

    def thread_with(self, address: str) -> str | None:
        """Each mail that answers none begins a talk of its own."""
        return f"to/{new_id()}"

    async def send(self, token: str, message: OutboundMessage) -> str:
        mailbox = self._mailboxes.get(message.inbox)
        if mailbox is None or not mailbox.smtp_host:
            raise Rejected("this mailbox cannot send: the settings name no SMTP server for it")
        if not message.to:
            raise Rejected("nobody to send it to: the conversation has no address")
        name = mailbox.name or self._company
        mail = await asyncio.to_thread(_written, message, mailbox, name)
        await sending.send(mailbox, token, (message.to, *message.cc), mail)
        return message_id(message.key, mailbox.address)

    async def close(self) -> None:
        pass


def _written(message: OutboundMessage, mailbox: Mailbox, name: str) -> bytes:
    return write(message, mailbox.address, name, utc_now(), plus=mailbox.plus).as_bytes()


def make_channel(settings: Settings) -> Channel:
    return EmailChannel(settings.mailboxes, settings.company.region, settings.company.name)

"""A sign-in code as a mail, in the visitor's language, over a real SMTP server."""

from __future__ import annotations

import pytest

from bridge.channels.code_mail import CodeMail
from bridge.domain.message import OutboundMessage
from bridge.errors import AnswerLost, RateLimited, Rejected
from bridge.settings import Mailbox, Settings
from bridge.wiring.channels import make_senders
from tests.smtp_server import Fault, SmtpServer

SUPPORT = "support@sample.example"


class Letters:
    """Implements `Sends`."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.sent: list[tuple[str, OutboundMessage]] = []

    async def send(self, token: str, message: OutboundMessage) -> str:
        self.sent.append((token, message))
        if self.fault is not None:
            raise self.fault
        return message.key

    async def close(self) -> None:
        self.sent.clear()


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "012345 is your code"),
        ("uk", "012345 — ваш код"),
        ("ru", "012345 — ваш код"),
        ("de", "012345 is your code"),
    ],
)
async def test_a_code_is_a_mail_from_the_companys_inbox(language: str, subject: str) -> None:
    letters = Letters()
    await CodeMail(letters, "secret", "support@sample.example", "Kettles").send_code(
        "olena@example.org", "012345", language
    )
    ((token, message),) = letters.sent
    assert (token, message.inbox, message.to) == ("secret", "support@sample.example", "olena@example.org")
    assert message.subject == subject
    assert "012345" in message.text and "Kettles" in message.text


async def test_a_mail_that_was_perhaps_sent_is_no_fault_and_a_refusal_is_one() -> None:
    await CodeMail(Letters(AnswerLost("no answer")), "t", "i", "c").send_code("a@example.org", "1", "en")
    with pytest.raises(Rejected):
        await CodeMail(Letters(Rejected("no")), "t", "i", "c").send_code("a@example.org", "1", "en")


async def test_it_is_sent_by_the_companys_own_mail_server() -> None:
    async with SmtpServer("secret").running() as smtp:
        box = Mailbox(address=SUPPORT, smtp_host="127.0.0.1", smtp_port=smtp.port, smtp_tls="none")
        sender = make_senders(Settings(mailboxes=(box,)))["email"]
        codes = CodeMail(sender, "secret", SUPPORT, "Kettles")
        await codes.send_code("olena@example.org", "012345", "uk")
        (mail,) = smtp.mails
        assert mail["To"] == "olena@example.org"
        assert SUPPORT in mail["From"]
        assert mail["Subject"].startswith("012345 — ваш код")
        assert "Kettles" in mail.get_content()
        smtp.faults.append(Fault.BUSY)
        with pytest.raises(RateLimited):
            await codes.send_code("olena@example.org", "012345", "uk")
        await sender.close()

"""Mail apart from servers: who vouches for a sender, what a bounce says, how an answer is written, and what comes back."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import compat32
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.channels.email.bounces import read_bounce
from bridge.channels.email.proof import Verdict, judge
from bridge.channels.email.reading import is_automatic, read
from bridge.channels.email.writing import key_of, message_id, write
from bridge.domain.customer import Strength
from bridge.domain.delivery import DeliveryState
from bridge.domain.ids import new_id
from bridge.domain.message import InboundMessage, OutboundFile, OutboundMessage, StatusUpdate, Unread
from bridge.domain.threads import conversation_of, number_of, token_of
from bridge.errors import Rejected

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
ADDRESS = "support@sample.example"
SERVER = "mx.sample.example"


def headers(*lines: str) -> email.message.Message:
    return email.message_from_string("\r\n".join(lines) + "\r\n\r\n", policy=compat32)


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        (f"{SERVER}; dmarc=pass (p=reject) header.from=example.org", Verdict.PROVEN),
        (
            f"{SERVER} 1; dkim=pass header.d=example.org header.b=x; spf=fail smtp.mailfrom=example.org",
            Verdict.PROVEN,
        ),
        (
            f"{SERVER};\r\n dkim=fail header.d=list.example;\r\n dkim=pass header.i=@example.org",
            Verdict.PROVEN,
        ),
        (f"{SERVER}; dkim=pass header.d=mail.example.org", Verdict.NONE),
        (f"{SERVER}; dkim=pass header.d=org", Verdict.NONE),
        (f"{SERVER}; dkim=pass header.d=evil-example.org", Verdict.NONE),
        (f"{SERVER}; dkim=pass header.d=example.org; dmarc=fail header.from=example.org", Verdict.FORGED),
        (f"{SERVER}; dkim=fail header.d=example.org", Verdict.FORGED),
        (f"{SERVER}; dkim=fail header.d=list.example", Verdict.NONE),
        (f"{SERVER}; spf=fail smtp.mailfrom=eve@example.org", Verdict.FORGED),
        (
            f"{SERVER}; spf=softfail smtp.mailfrom=example.org; dkim=none; dmarc=none header.from=example.org",
            Verdict.NONE,
        ),
        (f"{SERVER}; spf=pass smtp.mailfrom=example.org", Verdict.NONE),
        (f"{SERVER}; dkim=temperror header.d=example.org", Verdict.NONE),
        (f"{SERVER}; none", Verdict.NONE),
        (f"{SERVER}.evil.example; dmarc=pass header.from=example.org", Verdict.NONE),
        (f"evil.example ({SERVER}); dmarc=pass header.from=example.org", Verdict.NONE),
        (f'evil.example; x="; {SERVER}; dmarc=pass header.from=example.org"', Verdict.NONE),
        (f'{SERVER}; x=y reason="; dmarc=pass header.from=example.org"', Verdict.NONE),
        (f"{SERVER}; dmarc=pass header.from=example.net", Verdict.NONE),
    ],
)
def test_who_vouches_for_the_sender(results: str, verdict: Verdict) -> None:
    message = headers(f"Authentication-Results: {results}")
    assert judge(message, "olena@example.org", SERVER).verdict is verdict
    assert judge(message, "olena@example.org", "").verdict is Verdict.NONE


def test_a_mail_of_two_senders_proves_neither() -> None:
    data = f"From: a@example.org, b@example.net\nAuthentication-Results: {SERVER}; dmarc=pass header.from=example.org\n\nx"
    (message,) = read(data.encode(), ADDRESS, NOW, region="UA", server=SERVER)
    assert isinstance(message, InboundMessage) and message.sender.strength is Strength.CLAIMED


@given(st.text())
def test_any_results_are_read(results: str) -> None:
    message = email.message_from_bytes(
        b"Authentication-Results: " + results.encode("utf-8", "replace") + b"\n\n", policy=compat32
    )
    judge(message, "olena@example.org", SERVER)


@pytest.mark.parametrize(
    ("line", "automatic"),
    [
        ("Auto-Submitted: auto-replied", True), ("Auto-Submitted: no", False), ("Precedence: Bulk", True),
        ("Precedence: first-class", False), ("X-Autorespond: x", True), ("List-Id: <x>", True), ("Return-Path: <>", True),
        ("Return-Path: <a@b.example>", False), ("Subject: Out of office", False),
    ],
)  # fmt: skip
def test_programs_are_known_by_what_they_say(line: str, automatic: bool) -> None:
    assert is_automatic(headers(line)) is automatic


def test_a_bounce_of_what_is_not_ours_is_nobodys() -> None:
    message = email.message_from_string(
        'Content-Type: multipart/report; boundary="b"\n\n--b\nContent-Type: message/delivery-status\n\n'
        "Reporting-MTA: dns; x\n\nAction: failed\nStatus: 5.0.0\n\n--b\nContent-Type: message/rfc822\n\n"
        "Message-ID: <foreign@x>\n\nx\n--b--\n",
        policy=compat32,
    )
    assert isinstance(read_bounce(message, NOW), Unread)
    assert read_bounce(headers("Subject: x"), NOW) is None


def outbound(**more: object) -> OutboundMessage:
    given = {
        "key": new_id(), "inbox": ADDRESS, "thread": "t", "text": "Добрий день", "conversation_id": new_id(),
        "to": "olena@example.org", "subject": "Re: RE: Замовлення", "answers": ("m2@example.org", "sha256:00", "m1@x"),
    }  # fmt: skip
    return OutboundMessage(**{**given, **more})  # type: ignore[arg-type]


def written(message: OutboundMessage, *, plus: bool = True) -> EmailMessage:
    return write(message, ADDRESS, "Sample, Ltd", NOW, plus=plus)


def test_an_answer_names_itself_what_it_answers_and_the_ways_back() -> None:
    ours = new_id()
    message = outbound(answers=(ours, "m1@example.org"), cc=("b@example.org",))
    mail = written(message)
    assert mail["Message-ID"] == f"<omniline-{message.key}@sample.example>"
    assert mail["In-Reply-To"] == f"<omniline-{ours}@sample.example>"
    assert mail["References"] == f"<m1@example.org> <omniline-{ours}@sample.example>"
    assert mail["Subject"] == f"Re: Замовлення [#{number_of(message.conversation_id)}]"
    assert (
        mail["Reply-To"].addresses[0].addr_spec
        == f"support+{token_of(message.conversation_id)}@sample.example"
    )
    assert (mail["From"].addresses[0].display_name, mail["Cc"]) == ("Sample, Ltd", "b@example.org")
    assert written(message, plus=False)["Reply-To"] is None
    assert b"8bit" not in mail.as_bytes()


def test_the_first_mail_of_a_conversation_answers_nothing() -> None:
    mail = written(outbound(answers=(), subject="Ваше замовлення"))
    assert mail["In-Reply-To"] is None
    assert mail["Subject"].startswith("Ваше замовлення [#")


def test_what_cannot_be_referred_to_is_left_out() -> None:
    assert written(outbound())["References"] == "<m1@x> <m2@example.org>"


@pytest.mark.parametrize("subject", ["a\r\nBcc: eve@example.net", "\0", "x" * 5000, "\u202e<b>", ""])
def test_hostile_subjects_stay_subjects(subject: str) -> None:
    mail = written(outbound(subject=subject))
    again = email.message_from_bytes(mail.as_bytes())
    assert again["Bcc"] is None
    assert again["To"] == "olena@example.org"


def test_a_file_that_is_gone_is_not_sent_without() -> None:
    file = OutboundFile(name="a", media_type="image/png", size=1, path=Path("/nowhere/at/all"))
    with pytest.raises(Rejected):
        written(outbound(attachments=(file,)))


@given(st.uuids(version=4))
def test_names_of_conversations_come_back(value: object) -> None:
    conversation = str(value)
    assert conversation_of(token_of(conversation).upper()) == conversation
    assert len(token_of(conversation)) == 26
    assert len(number_of(conversation)) == 8
    assert key_of(message_id(conversation, ADDRESS)) == conversation


@pytest.mark.parametrize("token", ["", "a", "news", "=" * 26, "й" * 26, "a" * 27])
def test_what_is_no_token(token: str) -> None:
    assert conversation_of(token) == ""


def test_an_answer_to_ours_says_that_ours_has_come() -> None:
    key = new_id()
    data = f"From: olena@example.org\nIn-Reply-To: <{message_id(key, ADDRESS)}>\nMessage-ID: <x@y>\n\nthanks"
    message, status = read(data.encode(), ADDRESS, NOW, region="UA", server=SERVER)
    assert isinstance(message, InboundMessage) and message.answers == (key,)
    assert isinstance(status, StatusUpdate)
    assert (status.delivery_id, status.state) == (key, DeliveryState.DELIVERED)


@pytest.mark.parametrize(
    ("body", "text", "quoted"),
    [
        ("Дякую!\n-- \nОлена\n+380 50 111 22 33", "Дякую!", "Олена\n+380 50 111 22 33"),
        ("a\n-- \nb\n-- \nc", "a\n-- \nb", "c"),
        ("-- \nonly this", "-- \nonly this", ""),
        ("a\n--\nb", "a\n--\nb", ""),
    ],
)
def test_signatures_are_folded_away_and_still_tell_the_phone(body: str, text: str, quoted: str) -> None:
    (message,) = read(f"From: a@b.example\n\n{body}".encode(), ADDRESS, NOW, region="UA", server="")
    assert isinstance(message, InboundMessage)
    assert (message.text, message.quoted) == (text, quoted)
    assert message.phones == (("+380501112233",) if "380" in body else ())

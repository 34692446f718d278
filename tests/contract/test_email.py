"""Mail with a real IMAP server (Dovecot) and a real SMTP server (aiosmtpd): in, onto the timeline, answered, and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bridge.channels.email import listening, sending
from bridge.domain.entry import Entry
from bridge.settings import Mailbox
from bridge.store import inboxes
from bridge.store.schema import conversation, timeline_entry
from tests.contract.channel_cases import mail
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.desk_server import eventually
from tests.contract.test_attachments import download, upload
from tests.dovecot import PASSWORD, Dovecot
from tests.smtp_server import Fault, SmtpServer

ADDRESS = "support@sample.example"
CUSTOMER = "olena@example.org"


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Dovecot]]:
    """Filled by the first test that asks."""
    started: list[Dovecot] = []
    yield started
    for server in started:
        server.remove()


@pytest.fixture
def dovecot(servers: list[Dovecot]) -> Dovecot:
    if not servers:
        servers.append(Dovecot())
    return servers[0]


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpServer]:
    async with SmtpServer(PASSWORD).running() as server:
        yield server


def mailbox(dovecot: Dovecot, smtp: SmtpServer, **more: Any) -> Mailbox:
    given = {
        "address": ADDRESS, "imap_host": "127.0.0.1", "imap_port": dovecot.port, "imap_tls": "none", "plus": True,
        "smtp_host": "127.0.0.1", "smtp_port": smtp.port, "smtp_tls": "none", "trusted": "mx.sample.example",
    }  # fmt: skip
    return Mailbox(**{**given, **more})


class Post:
    """A customer's side of it."""

    def __init__(self, running: ChannelServer, dovecot: Dovecot, smtp: SmtpServer, user: str) -> None:
        self.running, self.dovecot, self.smtp, self.user = running, dovecot, smtp, user

    async def write(self, *mails: bytes) -> list[Entry]:
        """All entries, once these have become some."""
        before = len(await self.running.read())
        await asyncio.to_thread(self.dovecot.append, self.user, *mails)
        return await self.wait_for(before + len(mails))

    async def wait_for(self, count: int) -> list[Entry]:
        async def found() -> list[Entry] | None:
            entries = await self.running.read()
            return entries if len(entries) >= count else None

        got: list[Entry] = await eventually(found)
        assert len(got) == count
        return got

    async def answer(self, entry: Entry, text: str, **more: Any) -> Any:
        body = {"text": text, "key": text[:100], **more}
        status, answer = await self.running.desk.ask(
            "POST", f"conversations/{entry.conversation_id}/messages", body
        )
        assert status == 201, answer
        return answer

    async def states(self) -> list[str]:
        return [each.delivery.state.value for each in await self.running.read() if each.delivery]

    async def wait_for_states(self, *states: str) -> None:
        async def found() -> bool:
            return await self.states() == list(states)

        await eventually(found)


@pytest.fixture
async def post(url: str, tmp_path: Path, dovecot: Dovecot, smtp: SmtpServer) -> AsyncIterator[Post]:
    user = f"{tmp_path.name.lower()}{hash(str(tmp_path)) % 10**6}"
    box = mailbox(dovecot, smtp, login=user)
    async with channels_serving(url, tmp_path, mailboxes=(box,), password=PASSWORD) as running:
        yield Post(running, dovecot, smtp, user)


async def test_a_mail_is_answered_and_the_reply_goes_on(post: Post) -> None:
    (entry,) = await post.write(mail(body="Де моє замовлення?", Message_ID="<m1@example.org>"))
    assert (entry.text, entry.payload["subject"], entry.source, entry.source_key) == (
        "Де моє замовлення?", "Замовлення", "email", "m1@example.org",
    )  # fmt: skip
    await post.answer(entry, "Завтра буде.")
    await post.wait_for_states("sent")
    (sent,) = post.smtp.mails
    assert (sent["To"], sent["In-Reply-To"], sent["References"]) == (
        CUSTOMER,
        "<m1@example.org>",
        "<m1@example.org>",
    )
    assert sent["From"].endswith(f"<{ADDRESS}>")
    assert sent["Subject"].startswith("Re: Замовлення [#")
    assert sent.get_content().strip() == "Завтра буде."
    reply = mail(
        body="Дякую!\n\nпт, 27 лист. 2026 Support пише:\n> Завтра буде.",
        Subject="Re: щось зовсім інше",
        In_Reply_To=sent["Message-ID"],
        References=f"<m1@example.org> {sent['Message-ID']}",
    )
    *_, back = await post.write(reply)
    assert (back.conversation_id, back.text) == (entry.conversation_id, "Дякую!")
    assert "Завтра буде." in back.payload["quoted"]
    # Who answers has got it.
    await post.wait_for_states("delivered")
    await post.answer(back, "Прошу!")
    await post.wait_for_states("delivered", "sent")
    second = post.smtp.mails[1]
    assert second["References"].split() == ["<m1@example.org>", sent["Message-ID"], f"<{back.source_key}>"]
    assert second["Subject"] == sent["Subject"]


@pytest.mark.parametrize("way", ["references", "address", "number"])
async def test_threads_hold_by_each_of_the_ways_back(post: Post, way: str) -> None:
    (entry,) = await post.write(mail())
    await post.answer(entry, "so")
    await post.wait_for_states("sent")
    (sent,) = post.smtp.mails
    back = {
        "references": {"References": f"<lost@x> {sent['Message-ID']}", "In_Reply_To": "<lost@x>"},
        "address": {"To": sent["Reply-To"]},
        "number": {"Subject": f"Fwd: AW: {sent['Subject']}"},
    }[way]
    *_, found = await post.write(mail(**back))
    assert found.conversation_id == entry.conversation_id


async def test_a_number_that_is_somebody_elses_means_nothing(post: Post) -> None:
    (entry,) = await post.write(mail())
    await post.answer(entry, "so")
    await post.wait_for_states("sent")
    stranger = mail(From="eve@example.net", Subject=post.smtp.mails[0]["Subject"])
    *_, other = await post.write(stranger)
    assert other.conversation_id != entry.conversation_id


async def test_a_subject_alone_joins_nothing(post: Post) -> None:
    first, second = await post.write(mail(), mail())
    assert first.conversation_id != second.conversation_id
    assert first.customer_id == second.customer_id


async def test_files_go_both_ways(post: Post) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = CUSTOMER, ADDRESS, "<f@example.org>"
    message["Date"], message["Subject"] = "Fri, 27 Nov 2026 08:00:00 +0000", "\u202efdp.exe <script>"
    message.set_content("look")
    message.add_alternative(
        "<p onclick=x>look</p><script>alert(1)</script><img src='https://spy.example/1'>", subtype="html"
    )
    message.add_attachment(b"%PDF-1.7 x", maintype="image", subtype="png", filename="../../x")
    (entry,) = await post.write(message.as_bytes())
    (file,) = entry.payload["attachments"]
    assert (file["name"], file["media_type"]) == ("x", "application/pdf")
    desk = post.running.desk
    assert (await download(desk, file["id"]))[2] == b"%PDF-1.7 x"
    async with desk.http.get(f"{desk.server.url}/api/v1/attachments/{entry.payload['html']}/html") as shown:
        page, headers = await shown.text(), shown.headers
    assert "<p>look</p>" in page
    assert not any(bad in page for bad in ("script", "onclick", "spy.example"))
    assert (
        "sandbox" in headers["Content-Security-Policy"]
        and "img-src data:;" in headers["Content-Security-Policy"]
    )
    status, up = await upload(desk, b"\x89PNG\r\n\x1a\nxx", "фото.png")
    assert status == 201
    await post.answer(entry, "Here it is", attachments=[up["id"]])
    await post.wait_for_states("sent")
    (part,) = post.smtp.mails[0].iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == ("фото.png", "image/png")
    assert part.get_content() == b"\x89PNG\r\n\x1a\nxx"


@pytest.mark.parametrize(
    ("results", "strength", "filed"),
    [
        ("mx.sample.example; dmarc=pass header.from=example.org", "proven", True),
        ("mx.sample.example; dkim=pass header.d=example.org", "proven", True),
        ("mx.sample.example; dkim=pass header.d=example.net", "claimed", True),
        ("elsewhere.example; dmarc=pass header.from=example.org", "claimed", True),
        ("", "claimed", True),
        ("mx.sample.example; dmarc=fail header.from=example.org", None, False),
    ],
)
async def test_the_strength_of_a_sender_is_what_our_server_says(
    post: Post, results: str, strength: str | None, filed: bool
) -> None:
    (entry,) = await post.write(mail(Authentication_Results=results))
    assert (entry.customer_id is not None) is filed
    assert entry.payload.get("forged", False) is not filed
    if filed:
        customer = await post.running.desk.get(f"customers/{entry.customer_id}")
        assert [each["strength"] for each in customer["identities"]] == [strength]


async def test_a_forged_mail_gets_into_no_conversation(post: Post) -> None:
    (entry,) = await post.write(mail())
    await post.answer(entry, "so")
    await post.wait_for_states("sent")
    forged = mail(
        In_Reply_To=post.smtp.mails[0]["Message-ID"],
        Authentication_Results="mx.sample.example; dmarc=fail header.from=example.org",
    )
    *_, found = await post.write(forged)
    assert (found.customer_id, found.conversation_id == entry.conversation_id) == (None, False)
    assert await post.states() == ["sent"]


def bounce(message_id: str, action: str = "failed") -> bytes:
    """As Postfix writes one (RFC 3464)."""
    return (
        "From: MAILER-DAEMON@mx.example.org\r\nTo: support@sample.example\r\nSubject: Undelivered Mail\r\n"
        "Message-ID: <b1@mx.example.org>\r\nDate: Fri, 27 Nov 2026 08:00:00 +0000\r\nAuto-Submitted: auto-replied\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\nMIME-Version: 1.0\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; olena@example.org\r\n"
        f"Action: {action}\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 No such user here\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\nSubject: x\r\n\r\n--b--\r\n"
    ).encode()


async def test_a_bounce_is_the_fate_of_the_answer_and_no_message(post: Post) -> None:
    (entry,) = await post.write(mail())
    await post.answer(entry, "so")
    await post.wait_for_states("sent")
    named = post.smtp.mails[0]["Message-ID"]
    await asyncio.to_thread(post.dovecot.append, post.user, bounce(named, "delayed"), bounce(named))
    await post.wait_for_states("failed")
    (_, failed) = await post.running.read()
    assert failed.delivery is not None and failed.delivery.reason == "550 5.1.1 No such user here"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
    ],
)
async def test_a_program_is_known_for_one(post: Post, headers: dict[str, str]) -> None:
    (entry,) = await post.write(mail(**headers))
    assert entry.payload["automatic"] is True
    assert post.smtp.sent == []


async def test_our_own_mail_that_comes_back_is_nobodys(post: Post) -> None:
    await asyncio.to_thread(post.dovecot.append, post.user, mail(From=ADDRESS))
    assert len(await post.write(mail())) == 1


@pytest.mark.parametrize(
    ("fault", "states"),
    [
        (Fault.NO_SUCH_USER, ("failed", "sent")),
        (Fault.TOO_LARGE, ("failed", "sent")),
        (Fault.CUT_OFF, ("unknown", "sent")),
        (Fault.SILENT, ("unknown", "sent")),
    ],
)
async def test_what_a_mail_server_may_do(
    post: Post, fault: Fault, states: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "DATA_SECONDS", 3.0)
    (entry,) = await post.write(mail())
    post.smtp.faults.append(fault)
    await post.answer(entry, "one")
    await post.answer(entry, "two")
    await post.wait_for_states(*states)
    if states[0] == "failed":
        answered = [each.delivery for each in await post.running.read() if each.delivery]
        assert answered[0].reason == fault.value


@pytest.mark.parametrize("fault", [Fault.GREYLISTED, Fault.BUSY])
async def test_not_now_is_waited_for_and_the_order_kept(post: Post, fault: Fault) -> None:
    (entry,) = await post.write(mail())
    post.smtp.faults.append(fault)
    await post.answer(entry, "one")
    await eventually(lambda: not post.smtp.faults)
    await post.answer(entry, "two")
    await post.wait_for_states("accepted", "accepted")
    post.running.server.clock.ahead += timedelta(seconds=sending.RETRY_AFTER + 1)
    await post.wait_for_states("sent", "sent")
    assert [each.get_content().strip() for each in post.smtp.mails] == ["one", "two"]


async def test_the_smtp_server_is_away_and_comes_back(post: Post) -> None:
    (entry,) = await post.write(mail())
    await post.smtp.stop()
    await post.answer(entry, "one")
    await post.wait_for_states("accepted")
    await post.smtp.start()
    post.running.server.clock.ahead += timedelta(minutes=11)
    await post.wait_for_states("sent")


async def test_a_wrong_password_for_sending_says_so(post: Post) -> None:
    (entry,) = await post.write(mail())
    post.running.tokens[f"email/{ADDRESS}"] = "wrong"
    await post.answer(entry, "one")
    await post.wait_for_states("failed")


async def test_what_is_broken_is_read_all_the_same(post: Post) -> None:
    parts = "".join(
        f"--b\r\nContent-Type: text/plain; charset=klingon\r\n\r\npart {n}\r\n" for n in range(1000)
    )
    head = mail(body="").split(b"\r\n\r\n")[0].replace(b"Content-Type: text/plain", b"X-Was: text/plain")
    many = head + f'\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n{parts}--b--\r\n'.encode()
    wrong = mail(Date="Thu, 01 Jan 1970 00:00:00 +0000").replace(b'charset="utf-8"', b'charset="koi9"')
    future = mail(Date="Fri, 01 Jan 2090 00:00:00 +0000", Subject="<b>\u202eabc</b>")
    entries = await post.write(many, wrong, future)
    texts = [entry.text for entry in entries]
    assert "part 999" in texts[0]
    assert texts[1] == "Добрий день"
    assert entries[2].payload["subject"] == "<b>\u202eabc</b>"
    assert all(entry.at.startswith("2026") for entry in entries)


async def test_fifteen_megabytes(post: Post) -> None:
    message = EmailMessage()
    message["From"], message["Message-ID"] = CUSTOMER, "<large@example.org>"
    message.set_content("a file")
    message.add_attachment(b"x" * (11 << 20), maintype="application", subtype="zip", filename="large.zip")
    data = message.as_bytes()
    assert len(data) > 15_000_000 * 0.98
    (entry,) = await post.write(data)
    (file,) = entry.payload["attachments"]
    assert (entry.text, file["size"]) == ("a file", 11 << 20)
    assert (await download(post.running.desk, file["id"]))[0] == 200


async def test_nothing_is_lost_when_the_server_restarts_and_numbers_its_mail_anew(post: Post) -> None:
    await post.write(mail(), mail())
    await asyncio.to_thread(post.dovecot.stop)

    async def said() -> bool:
        inbox = await post.running.server.db.read(inboxes.find_inbox, "email", ADDRESS)
        return inbox is not None and inbox.last_error is not None

    await eventually(said)
    post.dovecot.number_anew(post.user)
    post.dovecot.start()
    entries = await post.write(mail(body="after"))
    assert entries[-1].text == "after"
    inbox = await post.running.server.db.read(inboxes.find_inbox, "email", ADDRESS)
    assert inbox is not None and inbox.last_error is None


async def test_mails_that_wait_are_fetched_together_within_limits_and_kept_once(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "TOGETHER", 3)
    monkeypatch.setattr(listening, "TOGETHER_BYTES", 3_000)
    monkeypatch.setattr(listening, "LARGEST", 9_000)
    together: list[int] = []

    def fetch(session: listening._Session, waiting: Sequence[int]) -> Any:
        uids, bodies = fetch_really(session, waiting)
        together.append(len(uids))
        return uids, bodies

    fetch_really = listening._Session.fetch
    monkeypatch.setattr(listening._Session, "fetch", fetch)
    await post.write(mail())
    await asyncio.to_thread(post.dovecot.stop)
    lines = (1, 1, 1, 1, 80, 1, 200, 1)
    post.dovecot.deliver(
        post.user, [mail(body="fifty characters and no more of them than fifty.\n" * n) for n in lines]
    )()
    post.dovecot.start()
    entries = await post.wait_for(1 + len(lines))
    assert together == [1, 3, 1, 1, 1, 1, 1]
    assert [entry.payload.get("unsupported") for entry in entries].count("message/partial") == 1


async def test_without_idle_it_looks_by_itself(
    url: str, tmp_path: Path, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "POLL_SECONDS", 0.1)
    server = Dovecot(idles=False)
    try:
        box = mailbox(server, smtp, login="poll")
        async with channels_serving(url, tmp_path, mailboxes=(box,), password=PASSWORD) as running:
            post = Post(running, server, smtp, "poll")
            await post.write(mail())
            await post.write(mail())
    finally:
        server.remove()


async def test_a_wrong_password_is_the_inboxs_fault(
    url: str, tmp_path: Path, dovecot: Dovecot, smtp: SmtpServer
) -> None:
    box = mailbox(dovecot, smtp)
    async with channels_serving(url, tmp_path, mailboxes=(box,), password="wrong") as running:

        async def said() -> str | None:
            inbox = await running.server.db.read(inboxes.find_inbox, "email", ADDRESS)
            return inbox.last_error if inbox else None

        assert await eventually(said) == "the mail server refuses the login"


@pytest.mark.parametrize("tls", ["tls", "starttls"])
async def test_over_tls_with_a_certificate_that_is_known_and_with_none_other(
    url: str, tmp_path: Path, dovecot: Dovecot, smtp: SmtpServer, tls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = dovecot.tls_port if tls == "tls" else dovecot.port
    box = mailbox(
        dovecot, smtp, login=f"{tls}-{tmp_path.name}", imap_host="localhost", imap_port=port, imap_tls=tls
    )
    monkeypatch.setattr(listening, "LONGEST_WAIT", 0.5)
    async with channels_serving(url, tmp_path, mailboxes=(box,), password=PASSWORD) as running:

        async def said() -> str:
            inbox = await running.server.db.read(inboxes.find_inbox, "email", ADDRESS)
            return (inbox and inbox.last_error) or ""

        await eventually(said)
        assert (await said()).startswith("no secure connection to the mail server: ")
        monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
        post = Post(running, dovecot, smtp, box.login)
        await post.write(mail())
        await post.write(mail())


async def test_an_imported_mail_is_not_received_again_and_its_thread_goes_on(post: Post) -> None:
    (entry,) = await post.write(mail(Message_ID="<old@example.org>"))

    def resolve(connection: Any) -> None:
        connection.execute(
            conversation.update().values(state="resolved", resolved_at=post.running.server.clock())
        )

    await post.running.server.db.write(resolve)
    await asyncio.to_thread(
        post.dovecot.append, post.user, mail(Message_ID="<old@example.org>", body="again")
    )
    *_, reply = await post.write(mail(In_Reply_To="<old@example.org>"))
    assert reply.conversation_id == entry.conversation_id
    rows = await post.running.server.db.read(lambda c: list(c.scalars(select(timeline_entry.c.source_key))))
    assert rows.count("old@example.org") == 1


async def test_copies_forwarding_and_mail_that_we_begin(post: Post) -> None:
    desk = post.running.desk
    (entry,) = await post.write(mail(body="Де моє замовлення?", Message_ID="<m1@example.org>"))
    talk = f"conversations/{entry.conversation_id}"
    await post.answer(entry, "Подивіться, будь ласка.\n> Де моє замовлення?", to="Sklad@Sample.Example")
    await post.wait_for_states("sent")
    assert post.smtp.sent[0].rcpt_tos == ["sklad@sample.example"]
    # The customer has got nothing, and waits.
    assert (await desk.get(talk))["waiting_since"] is not None
    await post.answer(entry, "Завтра буде.", cc=["boss@sample.example"])
    await post.wait_for_states("sent", "sent")
    assert post.smtp.sent[1].rcpt_tos == [CUSTOMER, "boss@sample.example"]
    assert post.smtp.mails[1]["Cc"] == "boss@sample.example"
    found = await desk.get(talk)
    assert found["waiting_since"] is None
    way = {"channel": "email", "inbox": ADDRESS, "address": CUSTOMER}
    (offered,) = found["ways"]
    assert offered.items() >= way.items()
    body = {"text": "Надсилаю рахунок.", "key": "k", "way": way, "subject": "Рахунок"}
    status, begun = await desk.ask("POST", f"customers/{found['customer_id']}/conversations", body)
    assert status == 201
    assert begun["conversation_id"] != entry.conversation_id
    await post.wait_for_states("sent", "sent", "sent")
    sent = post.smtp.mails[2]
    assert post.smtp.sent[2].rcpt_tos == [CUSTOMER]
    assert "Рахунок" in sent["Subject"]
    assert not sent["In-Reply-To"]
    *_, back = await post.write(mail(body="Отримав", Subject="Re: Рахунок", In_Reply_To=sent["Message-ID"]))
    assert back.conversation_id == begun["conversation_id"]

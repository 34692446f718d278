"""The import of mail: running it again makes nothing, bad mails are named and cost no good ones."""

import mailbox
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bridge.errors import InvalidInput
from bridge.flows import import_rows
from bridge.flows.import_mail import import_mail
from bridge.store import timeline
from tests.contract.imports.files import Runner, mail, owner, report


def test_mail_of_both_directions_makes_one_conversation(mails: Runner, reader: Connection) -> None:
    raw = (
        mail("q1@example.com"),
        mail(
            "a1@sample.example",
            "звісно\n\nOn Monday Олена wrote:\n> привіт",
            From="Марія <support@sample.example>",
            To="olena@example.com",
            In_Reply_To="<q1@example.com>",
            Date="Mon, 02 Nov 2026 11:00:00 +0200",
        ),
        mail(
            "q2@example.com",
            "дякую",
            In_Reply_To="<a1@sample.example>",
            Date="Mon, 02 Nov 2026 12:00:00 +0200",
        ),
    )
    assert mails(*raw).created == 3
    assert mails(*raw).unchanged == 3
    customer = owner(reader, "email", "olena@example.com")
    assert customer.name == "Олена"
    entries = timeline.read_page(reader, customer.leaves).items
    assert [(e.source_key, e.direction, e.text) for e in entries] == [
        ("q2@example.com", "inbound", "дякую"),
        ("a1@sample.example", "outbound", "звісно"),
        ("q1@example.com", "inbound", "привіт"),
    ]
    assert entries[1].payload["quoted"].endswith("> привіт")
    assert len({e.conversation_id for e in entries}) == 1
    row = reader.execute(text("SELECT subject, state, inbox_id IS NOT NULL AS inbox FROM conversation")).one()
    assert (row.subject, row.state, row.inbox) == ("тема", "resolved", 1)


def test_broken_mails_are_reported_and_cost_no_good_ones(mails: Runner, reader: Connection) -> None:
    result = mails(
        mail("1@x"),
        b"garbage",
        mail(
            "2@x", "line\nFrom noon at 10:00 it was good.\n\nFrom the heart\n>From the start\n>>From x\nend"
        ),
        mail("3@x", From="support@sample.example", To="support@sample.example"),
        b"Content-Type: multipart/mixed; boundary=b\nFrom: a@example.com\n\n--b\ncut",
        mail("4@x", Date=""),
        b"\xff\xfe\x00",
        mail("5@x"),
    )
    assert (result.rows, result.created, result.rejected) == (8, 5, 3)
    assert [("sender" in row["reason"], "us to us" in row["reason"]) for row in report(result)] == [
        (True, False),
        (False, True),
        (True, False),
    ]
    path = Path(str(result.report)).with_name("mail.mbox")
    lines = path.read_bytes().split(b"\n")
    assert all(lines[row["line"] - 1].startswith(b"From x ") for row in report(result))
    texts = [
        e.text for e in timeline.read_page(reader, owner(reader, "email", "olena@example.com").leaves).items
    ]
    # mboxrd takes one > off what looks like a separator.
    assert "line\nFrom noon at 10:00 it was good.\n\nFrom the heart\nFrom the start\n>From x\nend" in texts


def test_a_maildir_and_an_mbox_know_each_others_mails(mails: Runner, url: str, tmp_path: Path) -> None:
    without_id = mail("", "no id")
    mails(mail("1@x"), without_id)
    box = mailbox.Maildir(tmp_path / "box", create=True)
    box.add(mail("1@x"))
    box.add(without_id)
    box.add(mail("2@x"))
    box.add(b"broken")
    result = import_mail(tmp_path / "box", url=url, attachments_folder=tmp_path / "attachments")
    assert (result.created, result.unchanged, result.rejected) == (1, 2, 1)
    assert report(result)[0]["file"].startswith("new/")


def test_what_is_no_mail_box_is_refused(url: str, tmp_path: Path) -> None:
    (tmp_path / "x.mbox").write_text("Subject: not a mailbox\n")
    (tmp_path / "folder").mkdir()
    for name, words in (("x.mbox", "not an mbox"), ("folder", "not a Maildir"), ("none", "No such file")):
        with pytest.raises(InvalidInput, match=words):
            import_mail(tmp_path / name, url=url, attachments_folder=tmp_path)


def test_a_large_mail_is_kept_whole(mails: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_rows, "POOL_FROM", 1 << 40)
    built = EmailMessage()
    built["From"], built["Date"], built["Message-ID"] = (
        "a@example.com",
        "Mon, 02 Nov 2026 10:00:00 +0200",
        "<big@x>",
    )
    built.set_content("see attached")
    data = bytes(range(256)) * (15 << 12)
    built.add_attachment(data, maintype="application", subtype="zip", filename="all.zip")
    assert mails(built.as_bytes()).created == 1
    (kept,) = (tmp_path / "attachments").iterdir()
    assert kept.read_bytes() == data

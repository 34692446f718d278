"""Mail as it comes: encodings, HTML, quotations in three languages, attachments, and what is broken."""

import time
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.address import canonical, canonical_email, canonical_telegram
from bridge.domain.customer import Identity
from bridge.domain.html_text import html_to_text
from bridge.domain.mail import LARGEST, LONGEST_BODY, parse_mail
from bridge.domain.mail_quoting import fold_quotes
from bridge.errors import InvalidInput


def build(body: str = "Добрий день", **headers: str) -> bytes:
    given = {
        "From": "Олена Іванова <Olena@Example.COM>",
        "To": "support@sample.example",
        "Subject": "Замовлення",
        "Date": "Mon, 02 Nov 2026 10:00:00 +0200",
        "Message-ID": "<m1@example.com>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    message = EmailMessage()
    for name, value in given.items():
        if value:
            message[name] = value
    message.set_content(body)
    return message.as_bytes()


def test_a_plain_mail() -> None:
    mail = parse_mail(build())
    assert (mail.key, mail.thread, mail.parents) == ("m1@example.com", "m1@example.com", ())
    assert (mail.sender.name, mail.sender.address) == ("Олена Іванова", "olena@example.com")
    assert [r.address for r in mail.recipients] == ["support@sample.example"]
    assert (mail.subject, mail.text, mail.quoted) == ("Замовлення", "Добрий день", "")
    assert mail.at == datetime(2026, 11, 2, 8, tzinfo=UTC)


def test_a_thread_is_named_by_its_first_message() -> None:
    mail = parse_mail(build(In_Reply_To="<m3@x>", References="<m1@x> <m2@x>  <m3@x>"))
    assert (mail.thread, mail.parents) == ("m1@x", ("m3@x", "m2@x", "m1@x"))
    assert parse_mail(build(In_Reply_To="<m3@x>")).thread == "m3@x"


def test_a_mail_without_an_id_is_known_by_its_bytes() -> None:
    data = build(Message_ID="")
    mail = parse_mail(data)
    assert mail.key.startswith("sha256:")
    assert mail.key == parse_mail(data.replace(b"\n", b"\r\n") + b"\r\n").key
    assert mail.key != parse_mail(data + b"x").key


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", "utf-8"])
def test_cyrillic_charsets(charset: str) -> None:
    body = "Привет, где мой заказ?"
    data = (
        f"From: a@example.com\nDate: Mon, 02 Nov 2026 10:00:00 +0200\nContent-Type: text/plain; charset={charset}\n\n"
    ).encode() + body.encode(charset)
    assert parse_mail(data).text == body


@pytest.mark.parametrize("header", ["", "; charset=no-such", "; charset=us-ascii"])
def test_a_charset_that_lies_or_is_missing(header: str) -> None:
    start = f"From: a@example.com\nDate: Mon, 02 Nov 2026 10:00:00 +0200\nContent-Type: text/plain{header}\n\n".encode()
    assert parse_mail(start + "Привет".encode()).text == "Привет"
    assert parse_mail(start + "Привет".encode("windows-1251")).text == "Привет"


def test_raw_bytes_in_headers_are_read() -> None:
    data = "From: Олена <a@example.com>\nSubject: Привіт\nDate: Mon, 02 Nov 2026 10:00:00 +0200\n\nx".encode()
    mail = parse_mail(data)
    assert (mail.sender.name, mail.subject) == ("Олена", "Привіт")


def test_a_name_with_a_comma_inside_an_encoded_word() -> None:
    data = b"From: =?utf-8?B?0JjQstCw0L3QvtCyLCDQmNCy0LDQvQ==?= <a@example.com>\nDate: Mon, 02 Nov 2026 10:00:00 +0200\n\nx"
    assert parse_mail(data).sender.name == "Иванов, Иван"


def test_html_only_and_plain_beside_html() -> None:
    message = EmailMessage()
    message["From"], message["Date"] = "a@example.com", "Mon, 02 Nov 2026 10:00:00 +0200"
    message.set_content("<p>Hello<br>world</p><script>alert(1)</script><style>p{}</style>", subtype="html")
    assert parse_mail(message.as_bytes()).text == "Hello\nworld"
    message.clear_content()
    message.set_content("the plain words")
    message.add_alternative("<b>the html words</b>", subtype="html")
    assert parse_mail(message.as_bytes()).text == "the plain words"


def test_attachments_keep_their_bytes_and_get_a_safe_name() -> None:
    message = EmailMessage()
    message["From"], message["Date"] = "a@example.com", "Mon, 02 Nov 2026 10:00:00 +0200"
    message.set_content("see attached")
    message.add_attachment(b"\x00\x01", maintype="image", subtype="png", filename="../../etc/чек №1.png")
    message.add_attachment("text", filename="notes.txt")
    mail = parse_mail(message.as_bytes())
    assert [(a.name, a.media_type) for a in mail.attachments] == [
        ("чек _1.png", "image/png"),
        ("notes.txt", "text/plain"),
    ]
    assert mail.attachments[0].data == b"\x00\x01"
    assert mail.text == "see attached"


def test_a_part_that_the_html_shows_is_known_by_its_content_id() -> None:
    message = EmailMessage()
    message["From"], message["Message-ID"] = "o@example.com", "<m1@example.com>"
    message["Date"] = "Mon, 02 Nov 2026 10:00:00 +0200"
    message.set_content("look")
    html = '<IMG SRC=" CID:a%40x "><!-- <img src="cid:b@x"> --><p title="cid:c@x">&lt;img src="cid:d@x"></p>'
    message.add_alternative(html, subtype="html")
    related = message.get_payload()[1]
    for name in "abcd":
        related.add_related(b"x", maintype="image", subtype="png", cid=f"<{name}@x>")
    assert [part.cid for part in parse_mail(message.as_bytes()).attachments] == ["a@x", "", "", ""]


def test_a_text_that_is_too_long_to_show_is_kept_whole() -> None:
    mail = parse_mail(build("слово " * 100_000))
    assert len(mail.text) == LONGEST_BODY
    (whole,) = mail.attachments
    assert len(whole.data.decode()) > LONGEST_BODY


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no sender"),
        (b"\x00\xff garbage without a header", "no sender"),
        (build(From=""), "no sender"),
        (build(From="undisclosed"), "no sender"),
        (build(Date=""), "no date"),
        (build(Date="yesterday"), "no date"),
        (b"x" * (LARGEST + 1), "more than 64"),
    ],
)
def test_what_is_broken_is_said(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        parse_mail(data)


def test_the_time_of_receipt_stands_in_for_a_missing_date() -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    assert parse_mail(build(Date=""), received_at=at).at == at


def test_a_thousand_parts_and_parts_nested_without_end() -> None:
    start = b"From: a@example.com\nDate: Mon, 02 Nov 2026 10:00:00 +0200\nContent-Type: multipart/mixed; boundary=b\n\n"
    flat = start + b"--b\nContent-Disposition: attachment; filename=f\n\nx\n" * 1000 + b"--b--\n"
    assert len(parse_mail(flat).attachments) == 1000
    nested = start + b"".join(
        b"--b%s\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (b"" if n == 0 else b"%d" % (n - 1), n)
        for n in range(3000)
    )
    with pytest.raises(InvalidInput, match=r"nested|parts"):
        parse_mail(nested)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=600),
    st.sampled_from([b"", b"From: a@b.example\nDate: Mon, 02 Nov 2026 10:00:00 +0200\n"]),
)
def test_any_bytes_are_a_mail_or_a_reason(data: bytes, start: bytes) -> None:
    try:
        mail = parse_mail(start + data)
    except InvalidInput:
        return
    for text in (mail.text, mail.quoted, mail.subject, mail.sender.name, mail.key):
        text.encode()
        assert "\0" not in text


@pytest.mark.parametrize(
    ("text", "written", "quoted"),
    [
        ("just words", "just words", ""),
        (
            "yes\n\nOn 1 Nov 2026, Anna wrote:\n> shall we?\n> or not",
            "yes",
            "On 1 Nov 2026, Anna wrote:\n> shall we?\n> or not",
        ),
        ("да\n\n01.11.2026 10:00, Анна пишет:\n> когда?", "да", "01.11.2026 10:00, Анна пишет:\n> когда?"),
        (
            "так\n\nнд, 1 лист. 2026 р. Анна <a@b.ua> пише:\n\n> коли?",
            "так",
            "нд, 1 лист. 2026 р. Анна <a@b.ua> пише:\n> коли?",
        ),
        (
            "да\n\nвс, 1 нояб. 2026 г. в 10:00, Анна <a@b.ru>:\n> когда?",
            "да",
            "вс, 1 нояб. 2026 г. в 10:00, Анна <a@b.ru>:\n> когда?",
        ),
        (
            "ok\n\n-----Original Message-----\nFrom: Anna\nold",
            "ok",
            "-----Original Message-----\nFrom: Anna\nold",
        ),
        (
            "ок\n\nОт: Анна\nОтправлено: вчера\nКому: нам\nстарое",
            "ок",
            "От: Анна\nОтправлено: вчера\nКому: нам\nстарое",
        ),
        ("> first?\nyes\n> second?\nno", "> first?\nyes\n> second?\nno", ""),
        ("> quoted only", "> quoted only", ""),
        ("Items:\n> not ours", "Items:", "> not ours"),
    ],
)
def test_quotations_are_folded(text: str, written: str, quoted: str) -> None:
    got = fold_quotes(text)
    assert (got[0], got[1].replace("\n\n", "\n")) == (written, quoted)


@given(st.lists(st.sampled_from(["> a", "b", "", "On x wrote:", "From: x", "Sent: y", "To: z"]), max_size=30))
def test_folding_loses_no_line(lines: list[str]) -> None:
    written, quoted = fold_quotes("\n".join(lines))
    assert sorted(line for line in f"{written}\n{quoted}".split("\n") if line.strip()) == sorted(
        line for line in lines if line.strip()
    )


def test_folding_and_html_take_linear_time() -> None:
    # A tenth of a second of CPU; minutes, were it quadratic.
    began = time.process_time()
    fold_quotes("On " * 200_000 + "\n" + "From: \n" * 50_000 + "> \n" * 50_000)
    html_to_text("<div>" * 100_000 + "<" * 100_000 + "&" * 100_000)
    assert time.process_time() - began < 10


def test_html_quotations_and_blanks() -> None:
    html = "<p>yes</p><blockquote><p>shall we?</p><p>or not</p></blockquote>\n\n<p>&nbsp;</p><p>&copy; x</p>"
    assert html_to_text(html) == "yes\n\n> shall we?\n\n> or not\n\n© x"


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        (" Ivan.Petrov+shop@Example.COM ", "ivan.petrov+shop@example.com"),
        ("олена@приклад.укр", "олена@xn--80aikifvh.xn--j1amh"),
        ("a@b.example.", "a@b.example"),
    ],
)
def test_canonical_email(raw: str, address: str) -> None:
    assert canonical_email(raw) == address


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "a",
        "@b.example",
        "a@",
        "a b@c.example",
        "a@b",
        "a@b..c",
        "a@-b.example",
        "x" * 65 + "@b.example",
        "a@b@c.example\n",
        "a\n@b.example",
        "a@" + "é" * 300,
    ],
)
def test_what_is_no_email(raw: str) -> None:
    with pytest.raises(InvalidInput, match="not an e-mail"):
        canonical_email(raw)


def test_other_addresses() -> None:
    assert canonical("phone", "044 545-01-00", "UA") == Identity("phone", "+380445450100")
    assert canonical_telegram("Ivan_P") == canonical_telegram("@ivan_p") == "@ivan_p"
    assert canonical_telegram("12345") == "12345"
    assert canonical("site", "visitor 1", "UA").address == "visitor 1"
    for kind, raw in (("phone", "101"), ("telegram", "@a"), ("site", ""), ("Site!", "x"), ("site", "a\nb")):
        with pytest.raises(InvalidInput):
            canonical(kind, raw, "UA")

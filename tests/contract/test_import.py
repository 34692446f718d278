"""Imports: what they make, that running them again makes nothing, and that bad rows are named and cost no good ones."""

import json
import mailbox
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from bridge.domain.card import Card
from bridge.domain.customer import Customer, CustomerKind
from bridge.errors import InvalidInput
from bridge.flows import import_rows
from bridge.flows.import_customers import import_customers
from bridge.flows.import_history import import_history
from bridge.flows.import_mail import import_mail
from bridge.flows.import_orders import import_orders
from bridge.flows.import_rows import ImportResult
from bridge.store import people, profiles, timeline
from bridge.store.card import read_card
from bridge.store.engine import batch_writer, connect_reader
from bridge.store.inboxes import resolve_inbox
from bridge.store.schema import attachment

HEADER = "external_id,name,kind,language,phones,emails,telegram,organisation,vip,comment\n"
Runner = Callable[..., ImportResult]


@pytest.fixture
def customers(url: str, tmp_path: Path) -> Runner:
    def run(*rows: str | bytes, header: str = HEADER) -> ImportResult:
        path = tmp_path / "customers.csv"
        lines = [row if isinstance(row, bytes) else row.encode() for row in rows]
        path.write_bytes(header.encode() + b"\n".join(lines) + b"\n")
        return import_customers(path, url=url, region="UA")

    return run


@pytest.fixture
def history(url: str, tmp_path: Path) -> Runner:
    def run(*lines: Any) -> ImportResult:
        path = tmp_path / "history.jsonl"
        path.write_bytes(b"".join(_line(line) for line in lines))
        return import_history(path, url=url, region="UA", attachments_folder=tmp_path / "attachments")

    return run


@pytest.fixture
def orders(url: str, tmp_path: Path) -> Runner:
    def run(*lines: Any) -> ImportResult:
        path = tmp_path / "orders.jsonl"
        path.write_bytes(b"".join(_line(line) for line in lines))
        return import_orders(path, url=url, region="UA")

    return run


@pytest.fixture
def mails(url: str, tmp_path: Path) -> Runner:
    def run(*raw: bytes) -> ImportResult:
        path = tmp_path / "mail.mbox"
        path.write_bytes(b"".join(b"From x Mon Nov  2 10:00:00 2026\n" + data + b"\n\n" for data in raw))
        with batch_writer(url) as writer:
            writer.run(resolve_inbox, "email", "support@sample.example", "support@sample.example")
        return import_mail(path, url=url, attachments_folder=tmp_path / "attachments")

    return run


@pytest.fixture
def reader(url: str) -> Connection:
    return connect_reader(url)


def _line(line: Any) -> bytes:
    return line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"


def message(key: str, **changes: Any) -> dict[str, Any]:
    return {
        "channel": "chat",
        "source": "old-desk",
        "source_key": key,
        "at": "2026-10-01T10:00:00+03:00",
        "direction": "inbound",
        "from": {"kind": "phone", "address": "0501234567"},
        "text": f"text {key}",
        **changes,
    }


def order(number: str, status: str = "unpaid", **changes: Any) -> dict[str, Any]:
    return {
        "order": number,
        "status": status,
        "at": "2026-10-02T10:00:00Z",
        "customer": {"phone": "0501234567"},
        "total": 129900,
        "currency": "UAH",
        "items": [{"sku": "A1", "name": "Чайник", "quantity": 1, "price": 129900}],
        **changes,
    }


def mail(key: str, body: str = "привіт", **headers: str) -> bytes:
    built = EmailMessage()
    values = {
        "From": "Олена <olena@example.com>",
        "To": "support@sample.example",
        "Subject": "тема",
        "Date": "Mon, 02 Nov 2026 10:00:00 +0200",
        "Message-ID": f"<{key}>" if key else "",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    for name, value in values.items():
        if value:
            built[name] = value
    built.set_content(body)
    return built.as_bytes()


def report(result: ImportResult) -> list[dict[str, Any]]:
    assert result.report is not None
    return [json.loads(line) for line in Path(result.report).read_bytes().splitlines()]


def owner(reader: Connection, kind: str, address: str) -> Customer:
    profile = profiles.find_profile_by_address(reader, kind, address)
    assert profile is not None
    return profile.customer


def card(reader: Connection, number: str) -> Card:
    return read_card(reader, call_id="c", caller=number, dialled="", number=number)


def count(reader: Connection, table: str) -> int:
    return int(reader.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_a_customer_with_all_fields(customers: Runner, reader: Connection) -> None:
    row = 'c1,"Іванова, Олена",person,UK,8 (050) 123-45-67; 044 545 01 00,Olena@Example.com,@olena_i,,yes,"любить\nчай"'
    result = customers(row)
    assert (result.rows, result.created, result.rejected, result.report) == (1, 1, 0, None)
    customer = owner(reader, "phone", "+380501234567")
    assert (customer.name, customer.kind, customer.language) == ("Іванова, Олена", CustomerKind.PERSON, "uk")
    assert (customer.vip, customer.comment, customer.external_id) == (True, "любить\nчай", "c1")
    assert {(i.kind, i.address) for i in customer.identities} == {
        ("phone", "+380501234567"),
        ("phone", "+380445450100"),
        ("email", "olena@example.com"),
        ("telegram", "@olena_i"),
    }
    assert count(reader, "timeline_entry") == 0


def test_importing_again_changes_only_what_changed(customers: Runner, reader: Connection) -> None:
    customers("c1,Олена,,,0501234567,,,,,", "c2,Петро,,,0501234568,,,,,")
    result = customers("c1,Олена,,,0501234567,,,,,", "c2,Петро Іванов,,,0501234568,p@example.com,,,,")
    assert (result.created, result.changed, result.unchanged) == (0, 1, 1)
    assert count(reader, "customer") == 2
    assert owner(reader, "email", "p@example.com").name == "Петро Іванов"


def test_a_row_without_an_external_id_is_known_by_its_address(customers: Runner, reader: Connection) -> None:
    rows = (",Олена,,,0501234567,,,,,", ",Петро,,,0501234567,,,,,")
    customers(*rows)
    result = customers(*rows)
    assert (result.created, result.unchanged) == (0, 2)
    assert count(reader, "customer") == 3


def test_a_shared_number_makes_a_household(customers: Runner, reader: Connection) -> None:
    rows = (
        "c1,Олена,,uk,0501234567,,,,,",
        "c2,Петро,,uk,0501234567,,,,,",
        "c3,Марко,,uk,0501234567,m@example.com,,,,",
    )
    for _ in range(2):
        customers(*rows)
        shown = card(reader, "+380501234567")
        assert shown.customer is not None
        assert (shown.customer.kind, shown.customer.language) == (CustomerKind.HOUSEHOLD, "uk")
        assert shown.customer.name == "Олена, Петро"
        assert sorted(candidate.name for candidate in shown.candidates) == ["Марко", "Олена", "Петро"]
    assert count(reader, "customer") == 4
    assert owner(reader, "email", "m@example.com").name == "Марко"


def test_a_second_shared_address_goes_to_the_same_household(customers: Runner, reader: Connection) -> None:
    customers("c1,Олена,,,0501234567;0501234568,,,,,", "c2,Петро,,,0501234567;0501234568,,,,,")
    first, second = (owner(reader, "phone", f"+38050123456{n}") for n in (7, 8))
    assert first.id == second.id
    assert count(reader, "customer") == 3


@pytest.mark.parametrize("person_first", [True, False])
def test_people_of_an_organisation(customers: Runner, reader: Connection, person_first: bool) -> None:
    rows = [
        "p1,Ганна,person,,0445450101 доб. 12,,,o1,,",
        "o1,ТОВ Ромашка,organisation,,0445450101,,,,,",
        "p2,Борис,person,,0445450101 доб. 14,,,ТОВ Ромашка,,",
    ]
    customers(*(rows if person_first else [rows[1], rows[0], rows[2]]))
    shown = card(reader, "+380445450101")
    assert shown.customer is not None
    assert (shown.customer.name, shown.customer.kind) == ("ТОВ Ромашка", CustomerKind.ORGANISATION)
    assert {(c.name, c.extension) for c in shown.candidates} == {("Ганна", "12"), ("Борис", "14")}
    assert count(reader, "customer") == 3


def test_bad_fields_reject_their_row_with_line_and_reason(customers: Runner, reader: Connection) -> None:
    result = customers(
        "c1,Добра,,,0501234567,,,,,",
        "c2,x,,,123,,,,,",
        "c3,x,robot,,,,,,,",
        'c4,"two\nlines",,,,nonsense,,,,',
        "c5,x,,,,,,,maybe,",
        "c6,x,,klingonese!,,,,,,",
        "c7,too,few",
        b"c8,\xff\xfe,,,,,,,,",
        "c9,x,,,,,@!,,,",
        ",no address,,,,,,,,",
        "c10,x\0y,,,,,,,,",
        "c11,Теж добра,,,,,,,,",
        f"c12,{'x' * 200_000},,,,,,,,",
        "c13,Остання,,,,,,,,",
    )
    assert (result.rows, result.created, result.rejected) == (14, 3, 11)
    reasons = {row["line"]: row["reason"] for row in report(result)}
    assert list(reasons) == [3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 15]
    expected = (
        "phones",
        "kind",
        "emails",
        "vip",
        "language",
        "3 fields",
        "UTF-8",
        "telegram",
        "address",
        "NUL",
        "limit",
    )
    for reason, word in zip(reasons.values(), expected, strict=True):
        assert word in reason
    assert people.find_by_external_id(reader, "c13") is not None


def test_a_file_that_is_no_such_table_is_refused(customers: Runner, url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="missing: \\['external_id'\\]"):
        customers("x", header="name\n")
    with pytest.raises(InvalidInput, match="unknown: \\['colour'\\]"):
        customers("x", header="external_id,name,colour\n")
    with pytest.raises(InvalidInput, match="No such file"):
        import_customers(tmp_path / "none.csv", url=url, region="UA")


def test_a_clean_run_leaves_no_report_of_an_earlier_one(customers: Runner) -> None:
    result = customers("c1,x,robot,,,,,,,")
    assert result.report is not None
    customers("c1,x,person,,,,,,,")
    assert not Path(result.report).exists()


def test_history_makes_entries_once(history: Runner, reader: Connection) -> None:
    lines = [
        message("1", thread="t1"),
        message("2", thread="t1", direction="outbound", agent="Марія", at="2026-10-01T07:05:00Z"),
        message("3", channel="telegram", **{"from": {"kind": "telegram", "address": "777"}}),
        message("4", channel="phone"),
    ]
    assert history(*lines).created == 4
    again = history(*lines)
    assert (again.created, again.unchanged) == (0, 4)
    shown = card(reader, "+380501234567")
    assert [entry.source_key for entry in shown.recent] == ["2", "4", "1"]
    assert [entry.author for entry in shown.recent] == ["Марія", "+380501234567", "+380501234567"]
    assert shown.last_spoke is not None
    assert (shown.last_spoke.author, shown.last_spoke.channel) == ("Марія", "chat")
    assert shown.conversations == []
    assert {row.state for row in reader.execute(text("SELECT state FROM conversation"))} == {"resolved"}
    assert count(reader, "conversation") == 2
    assert shown.recent[0].conversation_id == shown.recent[2].conversation_id
    assert shown.recent[1].conversation_id is None


def test_history_goes_to_the_household_until_somebody_says_who(
    customers: Runner, history: Runner, reader: Connection
) -> None:
    customers("c1,Олена,,,0501234567,,,,,")
    history(message("before"))
    customers("c2,Петро,,,0501234567,,,,,")
    history(message("after"))
    shown = card(reader, "+380501234567")
    assert [entry.source_key for entry in shown.recent] == ["after"]
    first = people.find_by_external_id(reader, "c1")
    assert first is not None
    assert [e.source_key for e in timeline.read_page(reader, [first]).items] == ["before"]


def test_bad_history_lines(history: Runner) -> None:
    result = history(
        message("1"),
        b"{not json\n",
        message("2", at="2026-10-01 10:00"),
        message("3", direction="sideways"),
        message("4", **{"from": {"kind": "phone", "address": "12"}}),
        {"channel": "chat"},
        b"\n",
        b'{"text": "\xff"}\n',
        message("5", attachments=["../../etc/passwd"]),
        message("6", attachments=["none.txt"]),
        message("7", channel="Ch at"),
        b"[" * 5000 + b"\n",
        message("8"),
    )
    assert (result.created, result.rejected) == (2, 10)
    rows = report(result)
    assert [row["line"] for row in rows] == [2, 3, 4, 5, 6, 8, 9, 10, 11, 12]
    for row, word in zip(
        rows,
        (
            "JSON",
            "at",
            "direction",
            "from.address",
            "missing",
            "JSON",
            "outside",
            "No such file",
            "channel",
            "object",
        ),
        strict=False,
    ):
        assert word in row["reason"], row


def test_history_keeps_attachments(history: Runner, reader: Connection, tmp_path: Path) -> None:
    (tmp_path / "чек.txt").write_text("10 UAH")
    history(message("1", attachments=["чек.txt"]))
    (entry,) = card(reader, "+380501234567").recent
    (shown,) = entry.payload["attachments"]
    assert (shown["name"], shown["media_type"], shown["size"]) == ("чек.txt", "text/plain", 6)
    row = reader.execute(select(attachment.c.id, attachment.c.sha256)).one()
    assert row.id == shown["id"]
    assert (tmp_path / "attachments" / row.sha256).read_text() == "10 UAH"


def test_orders_tell_their_newest_status_and_one_entry_for_each(orders: Runner, reader: Connection) -> None:
    lines = [
        order("1043", "paid", at="2026-10-03T10:00:00Z"),
        order("1043", "unpaid"),
        order("1044", "abandoned", at="2026-10-01T10:00:00Z"),
    ]
    assert orders(*lines).created == 3
    assert orders(*lines).unchanged == 3
    shown = card(reader, "+380501234567")
    assert [(o.order, o.status.value, o.total) for o in shown.orders] == [
        ("1043", "paid", 129900),
        ("1044", "abandoned", 129900),
    ]
    assert shown.orders[0].items[0].name == "Чайник"
    assert [entry.payload["status"] for entry in shown.recent] == ["paid", "unpaid", "abandoned"]


def test_an_orders_phone_and_email_belong_to_one_customer(orders: Runner, reader: Connection) -> None:
    orders(order("1", customer={"phone": "0501234567", "email": "o@example.com"}))
    orders(order("2", customer={"email": "O@example.com", "phone": "0501234568"}))
    assert len(owner(reader, "email", "o@example.com").identities) == 3
    assert count(reader, "customer") == 1


def test_an_order_does_not_join_two_people(customers: Runner, orders: Runner, reader: Connection) -> None:
    customers("c1,Олена,,,0501234567,,,,,", "c2,Петро,,,,p@example.com,,,,")
    orders(order("1", customer={"phone": "0501234567", "email": "p@example.com"}))
    assert [o.order for o in card(reader, "+380501234567").orders] == ["1"]
    assert len(owner(reader, "email", "p@example.com").identities) == 1


def test_an_order_from_a_shared_phone_goes_to_the_person_of_its_email(
    customers: Runner, orders: Runner, reader: Connection
) -> None:
    customers("c1,Олена,,,0501234567,o@example.com,,,,", "c2,Петро,,,0501234567,,,,,")
    orders(order("1", customer={"phone": "0501234567", "email": "o@example.com"}))
    assert card(reader, "+380501234567").orders == []
    olena = owner(reader, "email", "o@example.com")
    assert [e.payload["order"] for e in timeline.read_page(reader, olena.leaves).items] == ["1"]


def test_bad_orders(orders: Runner) -> None:
    result = orders(
        order("1"),
        order("2", "lost"),
        order("3", customer={}),
        order("4", total=-1),
        order("5", total="12"),
        order("6", currency="hryvnia"),
        order("7", url="javascript:alert(1)"),
        order("8", items=[{"sku": "x"}]),
        order("9", customer={"phone": "x"}),
        order("10", at="soon"),
    )
    assert (result.created, result.rejected) == (1, 9)
    for row, word in zip(
        report(result),
        ("status", "customer", "total", "total", "currency", "url", "items", "customer.phone", "at"),
        strict=True,
    ):
        assert word in row["reason"], row


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


def test_a_pool_of_processes_gives_the_same(
    customers: Runner, reader: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_rows, "POOL_FROM", 0)
    monkeypatch.setattr("bridge.flows.import_customers.CHUNK_ROWS", 10)
    rows = [f"c{n},Name {n},,,05012{n:05},,,,," if n % 9 else f"c{n},x,robot,,,,,,," for n in range(100)]
    result = customers(*rows)
    assert (result.created, result.rejected) == (88, 12)
    assert [row["line"] for row in report(result)] == [n + 2 for n in range(0, 100, 9)]


def test_progress_reaches_the_end(customers: Runner, url: str, tmp_path: Path) -> None:
    customers("c1,x,,,,,,,,")
    seen: list[tuple[int, int, int]] = []
    import_customers(
        tmp_path / "customers.csv", url=url, region="UA", progress=lambda *state: seen.append(state)
    )
    size = (tmp_path / "customers.csv").stat().st_size
    assert seen[-1] == (size, size, 1)

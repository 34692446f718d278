"""The import of messages: running it again makes nothing, bad lines are named and cost no good ones."""

from pathlib import Path

from sqlalchemy import Connection, select, text

from bridge.store import people, timeline
from bridge.store.schema import attachment
from tests.contract.imports.files import Runner, card, count, message, report


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

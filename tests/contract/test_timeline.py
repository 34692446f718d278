"""The timeline: appended once, paged by key in the right order whatever the limit, filed and filed back exactly."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, bindparam, exc, insert, text, update

from bridge.domain.customer import CustomerKind, Identity, Strength
from bridge.domain.entry import EntryDirection, EntryKind
from bridge.domain.ids import new_id
from bridge.errors import Conflict, InvalidInput, NotFound
from bridge.store import calls, conversations, filing, groups, people, profiles, schema, timeline
from bridge.store.entry_filter import EntryFilter
from bridge.store.filing import Subject
from bridge.store.people import NewCustomer
from bridge.store.timeline import NewEntry
from bridge.store.types import Id, UtcTime
from pbx.interface import Call, Direction

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def make(conn: Connection, name: str = "Олена", **kwargs: object) -> str:
    return people.make_customer(conn, NewCustomer(name=name, **kwargs), AT)  # type: ignore[arg-type]


def message(key: str, **kwargs: object) -> NewEntry:
    values = {"kind": EntryKind.MESSAGE, "source": "test", "source_key": key, "at": AT, "body": key}
    return NewEntry(**{**values, **kwargs})  # type: ignore[arg-type]


def make_call(conn: Connection, customer_id: str | None = None) -> str:
    call_id = new_id()
    seen = Call("pbx1", call_id, Direction.INBOUND, "+380501234567", "+380445550100", AT)
    calls.save_call(conn, call_id, seen, caller=seen.caller, dialled=seen.dialled)
    if customer_id is not None:
        filing.file(conn, Subject.CALL, call_id, customer_id, by="system", reason="caller id", at=AT)
    return call_id


def change(conn: Connection, statement: str, **values: object) -> None:
    """In words of SQL, past the store: `:id` and `:other` are ids, `:time` is a time."""
    types = {"id": Id, "other": Id, "time": UtcTime()}
    named = [bindparam(name, type_=type_) for name, type_ in types.items() if f":{name}" in statement]
    conn.execute(text(statement).bindparams(*named), {"time": AT, **values})


def change_entries(conn: Connection, change_: str, **values: object) -> None:
    change(conn, f"UPDATE timeline_entry SET {change_}", **values)


def place(conn: Connection, entry_id: str) -> str | None:
    return timeline.get_entry(conn, entry_id).customer_id


def test_an_entry_is_appended_once(conn: Connection) -> None:
    anna = make(conn)
    first = timeline.append(conn, message("a", customer_id=anna))
    again = timeline.append(conn, message("a", customer_id=make(conn), body="other"))
    assert (first.created, again.created) == (True, False)
    assert again.id == first.id
    assert timeline.get_entry(conn, first.id).text == "a"
    assert place(conn, first.id) == anna


def test_an_entry_is_read_back_as_it_was_written(conn: Connection) -> None:
    anna = make(conn)
    new = message(
        "k",
        customer_id=anna,
        channel="email",
        direction=EntryDirection.INBOUND,
        author='Анна "Ё"',
        body="рядок\nдругий ${X} '; DROP",
        payload={"subject": "тема", "attachments": [{"id": "1"}]},
        at=AT + timedelta(microseconds=7),
    )
    entry = timeline.get_entry(conn, timeline.append(conn, new).id)
    assert entry.text == new.body
    assert entry.author == new.author
    assert entry.payload == new.payload
    assert entry.at == "2026-11-01T12:00:00.000007Z"
    assert (entry.channel, entry.direction, entry.kind) == (
        "email",
        EntryDirection.INBOUND,
        EntryKind.MESSAGE,
    )


def test_where_a_new_entry_is_filed(conn: Connection) -> None:
    by_call, by_conversation, given, by_identity = (make(conn, name) for name in "abcd")
    identity = people.add_identity(conn, by_identity, Identity("telegram", "42"), evidence={}, at=AT)
    talk = conversations.resolve_past(
        conn,
        conversations.NewConversation(channel="chat", thread_key="t", at=AT, customer_id=by_conversation),
    )
    call = make_call(conn, by_call)
    everything = {"call_id": call, "conversation_id": talk, "customer_id": given, "identity_id": identity}
    for dropped, expected in (
        ((), by_call),
        (("call_id",), by_conversation),
        (("call_id", "conversation_id"), given),
        (("call_id", "conversation_id", "customer_id"), by_identity),
        (tuple(everything), None),
    ):
        known = {name: value for name, value in everything.items() if name not in dropped}
        appended = timeline.append(conn, message(new_id(), **known))
        assert appended.customer_id == expected
        assert place(conn, appended.id) == expected


@pytest.mark.parametrize(
    "change",
    [
        "body = 'x'",
        "payload = '{\"a\": 1}'",
        "author = 'x'",
        "occurred_at = :time",
        "source_key = 'x'",
        "kind = 'note'",
        "call_id = NULL",
        "arrived_customer_id = NULL",
        "customer_id = NULL",
        "customer_id = :other",
        "redacted_at = :time",
        "redacted_at = :time, body = ''",
    ],
)
def test_content_and_place_cannot_be_changed_behind_the_filings(conn: Connection, change: str) -> None:
    entry = timeline.append(conn, message("a", customer_id=make(conn), payload={"x": 1}))
    with pytest.raises(exc.IntegrityError, match=r"append-only|by a filing only"):
        change_entries(conn, f"{change} WHERE id = :id", id=entry.id, other=make(conn))


def test_an_entry_is_never_deleted(conn: Connection) -> None:
    timeline.append(conn, message("a", customer_id=make(conn)))
    with pytest.raises(exc.IntegrityError, match="append-only"):
        conn.execute(text("DELETE FROM timeline_entry"))


def test_an_entry_is_redacted_once_and_for_all(conn: Connection) -> None:
    entry = timeline.append(conn, message("a", customer_id=make(conn), author="Анна"))
    redact = "body = '', payload = '{}', author = '', redacted_at = :time"
    change_entries(conn, redact)
    assert timeline.get_entry(conn, entry.id).redacted
    for change in ("body = 'back', redacted_at = NULL", redact):
        with pytest.raises(exc.IntegrityError, match="append-only"), conn.begin_nested():
            change_entries(conn, change)


@pytest.mark.parametrize("table", ["call", "conversation"])
def test_an_anchor_is_moved_by_a_filing_only(conn: Connection, table: str) -> None:
    make_call(conn)
    conversations.resolve_past(conn, conversations.NewConversation(channel="chat", thread_key="t", at=AT))
    with pytest.raises(exc.IntegrityError, match="by a filing only"):
        change(conn, f"UPDATE {table} SET customer_id = :other", other=make(conn))


def test_filing_a_call_takes_along_what_hangs_on_it_and_undoing_brings_it_back(conn: Connection) -> None:
    anna, boris, vera = make(conn), make(conn), make(conn)
    call = make_call(conn, anna)
    note = timeline.append(conn, message("note", call_id=call)).id
    moved = timeline.append(conn, message("own", call_id=call)).id
    apart = timeline.append(conn, message("apart", customer_id=anna)).id
    filing.file(conn, Subject.ENTRY, moved, vera, by="a1", reason="hers", at=AT)

    filed = filing.file(conn, Subject.CALL, call, boris, by="a1", reason="it was Boris", at=AT)
    assert (filed.from_id, filed.to_id) == (anna, boris)
    late = timeline.append(conn, message("transcript", call_id=call))
    assert late.customer_id == boris
    assert [place(conn, e) for e in (note, moved, apart)] == [boris, vera, anna]

    undone = filing.undo(conn, filed.id, by="a1", at=AT)
    assert undone.to_id == anna
    # What arrived at Boris's while it was filed there goes with its call.
    assert [place(conn, e) for e in (note, moved, apart, late.id)] == [anna, vera, anna, anna]


def test_an_undone_entry_follows_its_call_again(conn: Connection) -> None:
    anna, boris, vera = make(conn), make(conn), make(conn)
    call = make_call(conn, anna)
    entry = timeline.append(conn, message("n", call_id=call)).id
    own = filing.file(conn, Subject.ENTRY, entry, vera, by="a1", reason="", at=AT)
    filing.undo(conn, own.id, by="a1", at=AT)
    assert place(conn, entry) == anna
    filing.file(conn, Subject.CALL, call, boris, by="a1", reason="", at=AT)
    assert place(conn, entry) == boris


def test_undoing_the_first_filing_leaves_nobody(conn: Connection) -> None:
    anna = make(conn)
    call = make_call(conn)
    entry = timeline.append(conn, message("n", call_id=call))
    assert entry.customer_id is None
    filed = filing.file(conn, Subject.CALL, call, anna, by="a1", reason="", at=AT)
    assert place(conn, entry.id) == anna
    assert filing.undo(conn, filed.id, by="a1", at=AT).to_id is None
    assert place(conn, entry.id) is None


def test_only_the_newest_filing_is_undone_and_only_once(conn: Connection) -> None:
    anna, boris = make(conn), make(conn)
    entry = timeline.append(conn, message("n", customer_id=anna)).id
    first = filing.file(conn, Subject.ENTRY, entry, boris, by="a1", reason="", at=AT)
    second = filing.file(conn, Subject.ENTRY, entry, anna, by="a1", reason="", at=AT)
    with pytest.raises(Conflict):
        filing.undo(conn, first.id, by="a1", at=AT)
    undoing = filing.undo(conn, second.id, by="a1", at=AT)
    for again in (second.id, undoing.id):
        with pytest.raises(Conflict):
            filing.undo(conn, again, by="a1", at=AT)
    filing.undo(conn, first.id, by="a1", at=AT)
    assert place(conn, entry) == anna


def test_filing_what_is_not_there_is_not_found(conn: Connection) -> None:
    anna = make(conn)
    for subject in Subject:
        with pytest.raises(NotFound):
            filing.file(conn, subject, new_id(), anna, by="a1", reason="", at=AT)
    with pytest.raises(NotFound):
        filing.file(conn, Subject.CALL, make_call(conn), new_id(), by="a1", reason="", at=AT)
    with pytest.raises(NotFound):
        filing.undo(conn, new_id(), by="a1", at=AT)


def test_a_filter_shows_one_channel(conn: Connection) -> None:
    anna = make(conn)
    for n, channel in enumerate(("email", "chat", "email", None)):
        timeline.append(conn, message(str(n), customer_id=anna, channel=channel))
    page = timeline.read_page(conn, [anna], only=EntryFilter(channel="email"))
    assert [entry.source_key for entry in page.items] == ["2", "0"]


@pytest.mark.parametrize("cursor", ["", "x", "!!!", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5L3g=", "YQ=="])
def test_a_foreign_cursor_is_refused(conn: Connection, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="before"):
        timeline.read_page(conn, [make(conn)], before=cursor)


def test_a_merged_person_has_one_timeline_over_all_leaves(conn: Connection) -> None:
    leaves = [make(conn, f"leaf{n}") for n in range(3)]
    for leaf in leaves[1:]:
        conn.execute(text("UPDATE customer SET canonical_id = :c WHERE id = :l"), {"c": leaves[0], "l": leaf})
    for n in range(30):
        timeline.append(conn, message(str(n), customer_id=leaves[n % 3], at=AT + timedelta(minutes=n)))
    customer = profiles.get_customer(conn, leaves[2])
    assert customer.id == leaves[0]
    assert sorted(customer.leaves) == sorted(leaves)
    page = timeline.read_page(conn, customer.leaves, limit=12)
    assert [entry.source_key for entry in page.items] == [str(n) for n in range(29, 17, -1)]
    rest = timeline.read_page(conn, customer.leaves, limit=50, before=page.next)
    assert [entry.source_key for entry in rest.items] == [str(n) for n in range(17, -1, -1)]
    assert rest.next is None


def test_a_profile_by_address_brings_people_and_groups(conn: Connection) -> None:
    anna, home = make(conn, "Анна"), make(conn, "Родина", kind=CustomerKind.HOUSEHOLD)
    people.add_identity(
        conn, home, Identity("phone", "+380501234567", "", Strength.PROVEN), evidence={}, at=AT
    )

    groups.belong(conn, home, anna, evidence={}, at=AT, role="mother", extension="12")
    timeline.append(conn, message("m", customer_id=anna, channel="chat"))
    profile = profiles.find_profile_by_address(conn, "phone", "+380501234567")
    assert profile is not None
    assert profile.customer.name == "Родина"
    assert profile.customer.identities == [Identity("phone", "+380501234567", "", Strength.PROVEN)]
    (person,) = profile.candidates
    assert (person.id, person.name, person.role, person.extension) == (anna, "Анна", "mother", "12")
    assert (person.last_at, person.last_channel) == ("2026-11-01T12:00:00.000000Z", "chat")
    assert [group.id for group in profiles.get_customer(conn, anna).belongs_to] == [home]
    assert profiles.find_profile_by_address(conn, "phone", "+380509999999") is None


def test_an_entry_that_was_corrected_says_by_which(conn: Connection) -> None:
    anna = make(conn)
    old = timeline.append(conn, message("old", customer_id=anna))
    newer = [
        timeline.append(conn, message(key, customer_id=anna, replaces_id=old.id)).id for key in ("n1", "n2")
    ]
    page = timeline.read_page(conn, [anna])
    assert {entry.id: entry.replaced_by for entry in page.items} == {
        old.id: newer[1],
        newer[0]: None,
        newer[1]: None,
    }


def test_a_timeline_is_filtered_by_what_an_agent_did(conn: Connection) -> None:
    anna, agent_id = make(conn), new_id()
    conn.execute(
        insert(schema.agent),
        {"id": agent_id, "login": "a", "name": "A", "role": "agent", "password_hash": "", "created_at": AT},
    )
    note = timeline.append(
        conn, message("n", customer_id=anna, kind=EntryKind.NOTE, payload={"agent_id": agent_id})
    )
    call_id = make_call(conn, anna)
    call = timeline.append(conn, message("c", kind=EntryKind.CALL, call_id=call_id))
    timeline.append(conn, message("t", kind=EntryKind.TRANSCRIPT, call_id=call_id))
    timeline.append(conn, message("m", customer_id=anna))
    only = EntryFilter(agent_id=agent_id)
    assert [entry.id for entry in timeline.read_page(conn, [anna, make(conn)], only=only).items] == [note.id]
    conn.execute(update(schema.call).values(answered_by=agent_id))
    assert [entry.id for entry in timeline.read_page(conn, [anna], only=only).items] == [call.id, note.id]

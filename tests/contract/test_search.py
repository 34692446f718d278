"""Search: entries by their words, newest first, and gone with them; people by parts, numbers, and with a typing error."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text

from bridge.domain.customer import Identity
from bridge.domain.entry import EntryKind
from bridge.domain.ids import new_id
from bridge.store import customer_words, people, timeline, words
from bridge.store.dialect import writer_engine
from bridge.store.migrations.versions import r0007_search
from bridge.store.people import NewCustomer
from bridge.store.timeline import NewEntry

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def make(conn: Connection, name: str, *addresses: tuple[str, str], **kwargs: object) -> str:
    customer_id = people.make_customer(conn, NewCustomer(name=name, **kwargs), AT)  # type: ignore[arg-type]
    for kind, address in addresses:
        people.add_identity(conn, customer_id, Identity(kind, address), evidence={}, at=AT)
    return customer_id


def say(conn: Connection, body: str, *, at: datetime = AT, **kwargs: object) -> str:
    values = {"kind": EntryKind.MESSAGE, "source": "test", "source_key": new_id(), "at": at, "body": body}
    return timeline.append(conn, NewEntry(**{**values, **kwargs})).id  # type: ignore[arg-type]


def find(conn: Connection, asked: str) -> list[str]:
    return [found.entry_id for found in words.find_entries(conn, asked, limit=50)]


def names(conn: Connection, asked: str) -> list[str]:
    return [customer.name for customer in people.list_customers(conn, words=asked)[0]]


def test_entries_are_found_by_their_words_in_any_form(conn: Connection) -> None:
    late = say(conn, "Коли прийде моє замовлення №1043?", at=AT)
    note = say(conn, "Просила передзвонити про замовлення", kind=EntryKind.NOTE, at=AT + timedelta(days=1))
    mail = say(conn, "see below", payload={"subject": "Об’єднання замовлень"}, at=AT - timedelta(days=1))
    said = say(conn, "caller: где мой заказ", kind=EntryKind.TRANSCRIPT, at=AT)
    say(conn, "замовлення", kind=EntryKind.ORDER)
    assert find(conn, "замовленням") == [note, late, mail]
    assert find(conn, "ОБ'ЄДНАННЯ") == [mail]
    assert find(conn, "1043 замовлення") == [late]
    assert find(conn, "заказы") == [said]
    assert find(conn, "замовлення вчора") == []


@pytest.mark.parametrize(
    "asked",
    ["", "я", "'", '"', "AND", "NOT", "*", "a & | ! ( ) :*", "\0", "'; DROP TABLE customer", "^a NEAR(b)"],
)
def test_what_is_asked_is_never_the_engines_language(conn: Connection, asked: str) -> None:
    say(conn, "something else")
    assert find(conn, asked) == []


def test_an_entry_that_came_late_stands_where_it_happened(conn: Connection) -> None:
    times = [AT + timedelta(minutes=minute) for minute in (3, 1, 2, 0)]
    ids = {at: say(conn, "оплата", at=at) for at in times}
    assert find(conn, "оплата") == [ids[at] for at in sorted(times, reverse=True)]


def test_pages_give_every_hit_once(conn: Connection) -> None:
    # All at one moment, some more than its numbers' neighbours: the order is then that of arrival.
    said = {say(conn, "оплата", at=AT + timedelta(microseconds=n)) for n in range(9)}
    seen: list[str] = []
    before = None
    while found := words.find_entries(conn, "оплата", limit=2, before=before):
        seen += [each.entry_id for each in found]
        before = found[-1].no
    assert (len(seen), set(seen)) == (9, said)


def test_a_moment_with_more_entries_than_numbers_spills_into_the_next(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "AT_ONCE", 2)
    said = {say(conn, "оплата", at=AT) for _ in range(7)}
    assert set(find(conn, "оплата")) == said


def test_a_redacted_entry_is_found_no_more(conn: Connection) -> None:
    kept, gone = say(conn, "таємниця одна"), say(conn, "таємниця друга")
    conn.execute(
        text(
            "UPDATE timeline_entry SET body = '', payload = '{}', author = '', redacted_at = :at WHERE id = :id"
        ),
        {"at": AT if conn.dialect.name == "postgresql" else 5, "id": gone},
    )
    assert find(conn, "таємниця") == [kept]
    assert find(conn, "друга") == []
    assert conn.execute(text("SELECT count(*) FROM entry_words")).scalar_one() == 1


def test_nothing_of_a_redacted_entry_is_left_in_the_file(url: str) -> None:
    if make_url(url).get_backend_name() != "sqlite":
        return
    engine = writer_engine(url)
    with engine.begin() as conn:
        gone = say(conn, "qwertyuiopsecret")
        for number in range(300):
            say(conn, f"other {number}")
    with engine.begin() as conn:
        conn.execute(
            text("UPDATE timeline_entry SET body = '', payload = '{}', redacted_at = 5 WHERE id = :id"),
            {"id": gone},
        )
    with engine.connect() as conn:
        more = True
        while more:
            with conn.begin():
                more = words.forget(conn)
    with engine.connect() as conn:
        conn.rollback()
        conn.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    file = Path(make_url(url).database or "")
    for kept in (file, Path(f"{file}-wal")):
        assert not kept.exists() or b"qwertyuiop" not in kept.read_bytes()


def test_what_was_there_before_the_index_is_indexed(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(r0007_search, "BATCH", 2)
    said = [say(conn, "оплата", payload={"subject": f"рахунок 1{number}"}) for number in range(5)]
    for number in range(5):
        make(conn, f"Бойко {number}", ("phone", f"+38050123456{number}"), external_id=f"crm-{number}")
    for table in ("entry_words", "customer_word", "word_key"):
        conn.execute(text(f"DELETE FROM {table}"))
    assert find(conn, "оплата") == names(conn, "бойко") == []
    r0007_search.index_customers(conn)
    r0007_search.index_entries(conn)
    assert set(find(conn, "оплата")) == set(said)
    assert find(conn, "рахунок 13") == said[3:4]
    assert len(names(conn, "бойко")) == len(names(conn, "050123456")) == 5
    assert names(conn, "crm-4") == names(conn, "0501234564") == ["Бойко 4"]


PEOPLE = (
    ("Олена Шевченко", ("phone", "+380501234567"), ("email", "o.shevchenko@sample.example")),
    ("Олександр Шевчук", ("phone", "+380671112233"), ("email", "alex_77@sample.example")),
    ("Mary-Ann O'Brien", ("phone", "+16502530012"), ("telegram", "@maryann")),
    ("ТОВ «Світлий дім»", ("phone", "+380445550100")),
)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("шевченко", ["Олена Шевченко"]),
        ("ШЕВЧ ол", ["Олександр Шевчук", "Олена Шевченко"]),
        ("вченк", ["Олена Шевченко"]),
        ("шевчинко", ["Олена Шевченко"]),
        ("шевенко", ["Олена Шевченко"]),
        ("шевчеенко", ["Олена Шевченко"]),
        ("шевечнко", ["Олена Шевченко"]),
        ("олена шевчинко", ["Олена Шевченко"]),
        ("050 123-45", ["Олена Шевченко"]),
        ("+38 (050) 123 45 67", ["Олена Шевченко"]),
        ("34567", ["Олена Шевченко"]),
        ("o.shev", ["Олена Шевченко"]),
        ("vchenko@sam", ["Олена Шевченко"]),
        ("alex_77@sample.example", ["Олександр Шевчук"]),
        ("sample.ex", ["Олександр Шевчук", "Олена Шевченко"]),
        ("obrien", ["Mary-Ann O'Brien"]),
        ("o’brien", ["Mary-Ann O'Brien"]),
        ("@maryann", ["Mary-Ann O'Brien"]),
        ("ann", ["Mary-Ann O'Brien"]),
        ("світлый", ["ТОВ «Світлий дім»"]),
        ("олена 111", []),
        ("олена 050123", ["Олена Шевченко"]),
        ("шмвчинко", []),
        ("«»", []),
    ],
)
def test_people_are_found_by_parts_and_with_a_typing_error(
    conn: Connection, asked: str, found: list[str]
) -> None:
    for name, *addresses in PEOPLE:
        make(conn, name, *addresses)
    assert names(conn, asked) == found


def test_what_begins_so_comes_before_what_has_it_inside(conn: Connection) -> None:
    for name in ("Анна Рова", "Марова Інна", "Ровал Ян"):
        make(conn, name)
    assert names(conn, "рова") == ["Анна Рова", "Ровал Ян", "Марова Інна"]


def test_the_words_of_a_merged_person_are_found_together(conn: Connection) -> None:
    leaf = make(conn, "Оленка", ("phone", "+380501234567"))
    survivor = make(conn, "Олена Шевченко")
    conn.execute(text("UPDATE customer SET canonical_id = :s WHERE id = :l"), {"s": survivor, "l": leaf})
    assert names(conn, "оленка") == ["Олена Шевченко"]
    assert names(conn, "шевченко 050123") == ["Олена Шевченко"]


def test_a_changed_name_and_a_retired_address_are_found_no_more(conn: Connection) -> None:
    leaf = make(conn, "Іван Бойко", ("phone", "+380501234567"), ("email", "boyko@sample.example"))
    other = make(conn, "Бойко Марія")
    people.change_customer(conn, leaf, NewCustomer(name="Іван Мельник"), AT)
    owner = people.find_owner(conn, "phone", "+380501234567")
    assert owner is not None
    people.retire_identity(conn, owner.identity_id, AT)
    people.set_external_id(conn, leaf, "crm-7")
    assert names(conn, "бойко") == ["Бойко Марія"]
    assert names(conn, "0501234567") == []
    assert names(conn, "мельник") == names(conn, "crm-7") == names(conn, "boyko@") == ["Іван Мельник"]
    people.change_customer(conn, other, NewCustomer(name=""), AT)
    left = conn.execute(text("SELECT word FROM word_key GROUP BY word ORDER BY word")).scalars().all()
    assert left == sorted(("boyko@sample.example", "crm-7", "іван", "мельник"))


def test_pages_of_a_search_give_everybody_once(conn: Connection) -> None:
    made = [make(conn, f"Бойко {'абвгдеж'[number]}") for number in range(7)]
    seen: list[str] = []
    after = None
    while True:
        page, after = people.list_customers(conn, words="бойко", limit=3, after=after)
        seen += [customer.id for customer in page]
        if after is None:
            break
    assert seen == made


def test_words_are_marked_in_names_and_numbers() -> None:
    def hits(shown: str, asked: str) -> list[str]:
        return [piece.text for piece in customer_words.mark(shown, asked) if piece.hit]

    assert hits("Олена Шевченко", "шевчинко") == ["Шевченко"]
    assert hits("+380501234567", "050 123") == ["+380501234567"]
    assert hits("Mary-Ann O'Brien", "obrien ann") == ["Mary-Ann", "O'Brien"]
    assert hits("Іван", "олена") == []

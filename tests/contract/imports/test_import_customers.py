"""The import of customers: again makes nothing, bad rows are named and cost no good ones; progress, many processes."""

from pathlib import Path

import pytest
from sqlalchemy import Connection

from bridge.domain.customer import CustomerKind
from bridge.errors import InvalidInput
from bridge.flows import import_rows
from bridge.flows.import_customers import import_customers
from bridge.store import people
from tests.contract.imports.files import Runner, card, count, owner, report


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

"""The sample company: whole, deterministic, marked, and with every case that the desk has to show."""

from pathlib import Path

from sqlalchemy import Connection, text

from bridge.directory import StoreDirectory
from bridge.domain.card import Card
from bridge.domain.customer import CustomerKind
from bridge.domain.question import with_question
from bridge.flows.make_sample import make_sample
from bridge.settings import Settings
from bridge.store.card import read_card
from bridge.store.engine import connect_reader
from pbx.number import parse


def card(conn: Connection, number: str) -> Card:
    return read_card(conn, call_id="c", caller=number, dialled="+380445550100", number=number)


def contents(conn: Connection) -> list[list[str]]:
    """What was made, without the ids."""
    statements = (
        "SELECT coalesce(external_id, ''), name, kind, vip FROM customer",
        "SELECT source, source_key, occurred_at, body, author FROM timeline_entry",
        "SELECT kind, address FROM identity WHERE retired_at IS NULL",
    )
    return [sorted(str(tuple(row)) for row in conn.execute(text(sql))) for sql in statements]


def test_made_twice_it_is_the_same(url: str, tmp_path: Path) -> None:
    make_sample(tmp_path, url, Settings())
    with connect_reader(url) as conn:
        before = contents(conn)
        make_sample(tmp_path, url, Settings())
        assert contents(conn) == before
        assert conn.execute(text("SELECT count(*) FROM customer WHERE NOT sample")).scalar() == 0
    assert len(before[0]) == 14
    assert not list(tmp_path.glob("*.report.jsonl"))


def test_every_case_of_the_card_is_there(url: str, tmp_path: Path) -> None:
    make_sample(tmp_path, url, Settings())
    with connect_reader(url) as conn:
        vip = card(conn, "+380501110001")
        assert vip.customer is not None
        assert (vip.customer.name, vip.customer.vip, vip.customer.language) == ("Олена Іваненко", True, "uk")
        assert [order.status.value for order in vip.orders] == ["unpaid", "delivered"]
        assert {entry.channel for entry in vip.recent} == {"chat", "telegram", "email", "shop"}
        assert vip.last_spoke is not None
        assert vip.last_spoke.author == "Olena Kovalenko"

        home = card(conn, "+380501110004")
        assert home.customer is not None
        assert home.customer.kind is CustomerKind.HOUSEHOLD
        assert [person.name for person in home.candidates] == ["Марина Соколова", "Андрей Соколов"]
        question = "Заказ по адресу ул. Львовская, 7 или по адресу ул. Сумская, 12?"
        assert with_question(home, "ru").question == question

        company = card(conn, "+380445550200")
        assert company.customer is not None
        assert company.customer.kind is CustomerKind.ORGANISATION
        assert {person.extension for person in company.candidates} == {"12", "14"}


def test_what_the_phones_show(url: str, tmp_path: Path) -> None:
    make_sample(tmp_path, url, Settings())
    directory = StoreDirectory(url, language="en")
    shown = {
        number: found.display_name
        for number in ("+380501110001", "+380501110002", "+442079460018", "+380501110004", "+380445550200")
        if (found := directory.find_card(parse(number, "UA"), "+380445550100")) is not None
    }
    assert shown == {
        "+380501110001": "★ Олена Іваненко · order 1043 unpaid",
        "+380501110002": "Сергей Волков · cart abandoned",
        "+442079460018": "James Miller",
        "+380501110004": "Марина Соколова, Андрей Соколов",
        "+380445550200": "ТОВ «Ромашка» · order 1044 unpaid",
    }

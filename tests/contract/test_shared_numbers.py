"""Behind one number are several people: who they are, what to ask, and what an agent's answer means."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, insert, select, update

from bridge.directory import StoreDirectory
from bridge.domain.agent import Agent, Role
from bridge.domain.card import Card
from bridge.domain.customer import CustomerKind, Identity
from bridge.domain.entry import EntryKind
from bridge.domain.order import NewStatus, OrderItem, OrderPlace, OrderStatus
from bridge.domain.question import with_question
from bridge.errors import Conflict, NotFound
from bridge.flows.change_addresses import give_address, retire_address, take_back_address
from bridge.flows.file_under import file_under, undo_filing
from bridge.store import agents, card, filing, groups, orders, people, profiles, schema, timeline
from bridge.store.dialect import reader_engine
from bridge.store.filing import Subject
from bridge.store.people import NewCustomer
from pbx.interface import NumberKind, PhoneNumber
from tests.contract.test_card import call, say

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
NUMBER = "+380501234567"
SHARED = Identity("phone", NUMBER)
BELL = OrderItem("b", "Bell", 1, 100)


@pytest.fixture
def agent(conn: Connection) -> Agent:
    return agents.save_agent(
        conn,
        login="101",
        name="Марія",
        role=Role.AGENT,
        extension="101",
        language="uk",
        password_hash="",
        phone_key_hash=None,
        at=AT,
    )


def make(conn: Connection, name: str, **kwargs: object) -> str:
    return people.make_customer(conn, NewCustomer(name=name, **kwargs), AT)  # type: ignore[arg-type]


@pytest.fixture
def pair(conn: Connection) -> tuple[str, str]:
    """Anna, who had the number first, and Boris."""
    both = make(conn, "Анна"), make(conn, "Борис")
    for one in both:
        groups.give_address(conn, one, SHARED, evidence={"source": "test"}, at=AT)
    return both


def read(conn: Connection, **kwargs: str) -> Card:
    return card.read_card(conn, call_id="c", caller=NUMBER, dialled="", number=NUMBER, **kwargs)


def order(conn: Connection, customer_id: str, number: str, **kwargs: object) -> None:
    values = {"status": OrderStatus.PAID, "at": AT, "total": 1, "currency": "UAH", **kwargs}
    orders.save_status(conn, customer_id, NewStatus(shop="", number=number, **values))  # type: ignore[arg-type]


def ring(conn: Connection, **values: object) -> str:
    """A call from the shared number, the group's until somebody says whose."""
    owner = people.find_owner(conn, "phone", NUMBER)
    assert owner is not None
    return call(conn, owner.leaf_id, 1, **values)


def belonging(conn: Connection, person: str) -> list[tuple[object, bool]]:
    rows = conn.execute(
        select(schema.belonging.c.evidence, schema.belonging.c.ended_at).where(
            schema.belonging.c.person_id == person
        )
    )
    return [(row.evidence.get("confirmed"), row.ended_at is None) for row in rows]


def test_the_newest_encounter_comes_first(conn: Connection, pair: tuple[str, str]) -> None:
    anna, boris = pair
    say(conn, boris, 1)
    say(conn, anna, 2)
    # What the shop did since is no encounter.
    say(conn, boris, 3, kind=EntryKind.ORDER, channel="shop")
    assert [one.id for one in read(conn).candidates] == [anna, boris]
    say(conn, boris, 4)
    assert [one.id for one in read(conn).candidates] == [boris, anna]


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        (
            {"delivery": OrderPlace(city="Kyiv", address="Lvivska street 5")},
            {"delivery": OrderPlace(city="Kyiv", address="Sumska 12")},
            "An order to Lvivska street 5 or to Sumska 12?",
        ),
        (
            {"delivery": OrderPlace(city="Kyiv")},
            {"delivery": OrderPlace(city="Lviv", address="Sumska 12")},
            "An order to Kyiv or to Lviv?",
        ),
        (
            {"delivery": OrderPlace(city="Kyiv"), "items": (BELL,)},
            {"delivery": OrderPlace(city="KYIV"), "items": (OrderItem("l", "Lamp", 1, 1),)},
            "An order with Bell or with Lamp?",
        ),
        ({"items": (BELL,)}, {"items": (BELL,)}, "Order number 1 or 2?"),
        ({"status": OrderStatus.DELIVERED, "items": (BELL,)}, {}, "Order number 1 or 2?"),
    ],
)
def test_the_one_question_that_tells_them_apart(
    conn: Connection,
    pair: tuple[str, str],
    first: dict[str, object],
    second: dict[str, object],
    asked: str,
) -> None:
    anna, boris = pair
    say(conn, anna, 5)
    order(conn, anna, "1", **first)
    order(conn, boris, "2", **second)
    assert with_question(read(conn), "en").question == asked


def test_it_is_asked_in_the_agents_language(conn: Connection, pair: tuple[str, str]) -> None:
    for one, number, street in zip(pair, "12", ("Львівська, 5", "Сумська, 12"), strict=True):
        order(conn, one, number, delivery=OrderPlace(address=street))
        say(conn, one, -int(number))
    shown = read(conn)
    assert (
        with_question(shown, "uk").question == "Замовлення за адресою Львівська, 5 чи за адресою Сумська, 12?"
    )
    assert with_question(shown, "ru").question == "Заказ по адресу Львівська, 5 или по адресу Сумська, 12?"


def test_how_the_last_call_ended_may_tell_them_apart(
    conn: Connection, pair: tuple[str, str], agent: Agent
) -> None:
    for one, code in zip(pair, ("order_taken", "follow_up"), strict=True):
        call_id = call(conn, one, 0)
        conn.execute(
            insert(schema.wrap_up),
            {"call_id": call_id, "agent_id": agent.id, "began_at": AT, "done_at": AT, "disposition": code},
        )
    question = with_question(read(conn), "en").question
    assert question in (
        "The last call: an order taken or to be followed up?",
        "The last call: to be followed up or an order taken?",
    )


def test_nothing_is_asked_where_nothing_differs(conn: Connection, pair: tuple[str, str]) -> None:
    assert with_question(read(conn), "en").question is None
    order(conn, pair[0], "1")
    assert with_question(read(conn), "en").question is None


def test_the_answer_files_the_call_and_is_evidence(
    conn: Connection, pair: tuple[str, str], agent: Agent
) -> None:
    _, boris = pair
    call_id = ring(conn)
    filed = file_under(conn, Subject.CALL, call_id, boris, agent=agent, reason="said so", at=AT)
    assert {entry.call_id for entry in timeline.read_page(conn, [boris]).items} == {call_id}
    ((confirmed, _),) = belonging(conn, boris)
    assert confirmed == [{"filing": filed.id, "by": agent.id, "at": "2026-11-01T12:00:00.000000Z"}]
    undo_filing(conn, filed.id, agent=agent, at=AT)
    assert belonging(conn, boris) == [([], True)]
    (undoing, made, first) = filing.list_filings(conn, Subject.CALL, call_id)
    assert (made.by, made.reason, made.to_name) == ("Марія", "said so", "Борис")
    assert undoing.undoes == made.id
    assert first.by == filing.SYSTEM


def test_a_new_person_behind_the_number_belongs_to_the_group_until_that_is_taken_back(
    conn: Connection, pair: tuple[str, str], agent: Agent
) -> None:
    vera = make(conn, "Віра")
    filed = file_under(conn, Subject.CALL, ring(conn), vera, agent=agent, reason="her", at=AT)
    assert vera in [one.id for one in read(conn).candidates]
    undo_filing(conn, filed.id, agent=agent, at=AT)
    assert vera not in [one.id for one in read(conn).candidates]


def test_a_sub_number_picks_the_person_at_once(url: str) -> None:
    with reader_engine(url).connect() as conn:
        company = make(conn, "ТОВ", kind=CustomerKind.ORGANISATION)
        groups.give_address(conn, company, SHARED, evidence={}, at=AT)
        for name, extension in (("Анна", "12"), ("Борис", "14")):
            groups.give_address(conn, make(conn, name), SHARED, evidence={}, at=AT, extension=extension)
        by_extension = {one.extension: one.id for one in read(conn).candidates}
        for extension, name in (("12", "Анна"), ("14", "Борис"), ("99", "ТОВ")):
            shown = read(conn, extension=extension).customer
            assert shown is not None
            assert shown.name == name
            asked = PhoneNumber(NumberKind.E164, NUMBER, NUMBER, extension)
            told = StoreDirectory(url).find_card(asked, "+380445550100")
            assert told is not None
            assert told.customer_id == by_extension.get(extension, company)


def test_a_number_that_changed_hands_is_a_strangers(conn: Connection, agent: Agent) -> None:
    anna = make(conn, "Анна")
    groups.give_address(conn, anna, SHARED, evidence={"source": "test"}, at=AT)
    call(conn, anna, 0)
    retire_address(conn, anna, SHARED, agent=agent, reason="sold the phone", at=AT)
    assert read(conn).customer is None
    assert len(timeline.read_page(conn, [anna]).items) == 1
    with pytest.raises(NotFound):
        retire_address(conn, anna, SHARED, agent=agent, reason="again", at=AT)
    stranger = people.resolve_owner(conn, SHARED, NewCustomer(name=""), evidence={}, at=AT)
    assert stranger.leaf_id != anna
    (kept,) = conn.scalars(
        select(schema.identity.c.evidence).where(schema.identity.c.customer_id == anna)
    ).all()
    assert kept["source"] == "test"
    assert kept["retired"] == {"source": "agent", "by": agent.id, "reason": "sold the phone"}


def test_an_agent_shares_a_number_and_takes_that_back(conn: Connection, agent: Agent) -> None:
    anna, boris = make(conn, "Анна"), make(conn, "Борис")
    groups.give_address(conn, anna, SHARED, evidence={}, at=AT)
    said = {"agent": agent, "reason": "they live together", "at": AT + timedelta(days=1)}
    home = give_address(conn, boris, SHARED, extension=None, **said)  # type: ignore[arg-type]
    assert home.kind is CustomerKind.HOUSEHOLD
    assert {one.id for one in read(conn).candidates} == {anna, boris}
    first = take_back_address(conn, home.id, SHARED, **said)  # type: ignore[arg-type]
    assert first.id == anna
    shown = read(conn).customer
    assert shown is not None
    assert shown.id == anna
    assert profiles.get_customer(conn, boris).belongs_to == []
    with pytest.raises(Conflict):
        take_back_address(conn, anna, SHARED, **said)  # type: ignore[arg-type]


def test_a_retired_belonging_is_offered_no_more(conn: Connection, pair: tuple[str, str]) -> None:
    conn.execute(update(schema.belonging).where(schema.belonging.c.person_id == pair[0]).values(ended_at=AT))
    assert [one.id for one in read(conn).candidates] == [pair[1]]

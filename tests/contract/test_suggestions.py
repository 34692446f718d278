"""What may be one person is suggested with its evidence, decided once, and not asked again."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from bridge.domain.agent import Agent, Role
from bridge.domain.customer import CustomerKind, Identity
from bridge.domain.ids import new_id
from bridge.domain.mail import Mail, MailAddress
from bridge.domain.merge import Suggestion, SuggestionReason, SuggestionState
from bridge.domain.order import NewStatus, OrderPlace, OrderStatus, OrderUpdate
from bridge.errors import Conflict, NotFound
from bridge.flows.import_customers import CustomerRow, save_customer
from bridge.flows.import_mail import save_mail
from bridge.flows.import_orders import save_order
from bridge.flows.merge_customers import list_merges, merge_customers, undo_merge
from bridge.flows.suggest_merges import accept, decline
from bridge.store import agents, groups, people, profiles, suggestions
from bridge.store.people import NewCustomer

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
PHONE = Identity("phone", "+380501234567")
EMAIL = Identity("email", "anna@example.com")


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


def make(conn: Connection, name: str, *addresses: Identity, **kwargs: object) -> str:
    customer_id = people.make_customer(conn, NewCustomer(name=name, **kwargs), AT)  # type: ignore[arg-type]
    for address in addresses:
        people.add_identity(conn, customer_id, address, evidence={}, at=AT)
    return customer_id


def listed(conn: Connection, state: SuggestionState = SuggestionState.OPEN) -> list[Suggestion]:
    return list(suggestions.list_suggestions(conn, state=state, limit=50)[0])


def suggest(conn: Connection, one: str, other: str, **evidence: str) -> None:
    suggestions.suggest(conn, one, other, SuggestionReason.ORDER, evidence=evidence, at=AT)


def order(conn: Connection, number: str, *identities: Identity, city: str = "") -> None:
    status = NewStatus(
        shop="",
        number=number,
        status=OrderStatus.PAID,
        at=AT,
        total=1,
        currency="UAH",
        delivery=OrderPlace(city=city) if city else None,
    )
    save_order(conn, OrderUpdate(status=status, identities=identities), now=AT)


def mail(conn: Connection, key: str, sender: str, text: str) -> None:
    letter = Mail(
        key=key,
        thread=key,
        parents=(),
        at=AT,
        sender=MailAddress("", sender),
        recipients=(MailAddress("", "support@sample.example"),),
        subject="",
        text=text,
        quoted="",
        attachments=(),
    )
    save_mail(conn, letter, [], own={"support@sample.example": None}, now=AT, region="UA")  # type: ignore[dict-item]


def test_an_order_whose_phone_and_mail_are_two_peoples(conn: Connection) -> None:
    anna, olena = make(conn, "Анна", PHONE), make(conn, "Олена", EMAIL)
    order(conn, "1042", PHONE, EMAIL)
    (found,) = listed(conn)
    assert [one.id for one in found.customers] == [anna, olena]
    assert (found.reason, found.evidence) == (
        "order",
        [{"reason": "order", "source": "shop", "order": "1042"}],
    )
    assert profiles.get_customer(conn, anna).id == anna


@pytest.mark.parametrize("written", ["+38 (050) 123-45-67", "моб. 050 123 45 67", "тел.: 0501234567"])
def test_a_phone_in_a_signature(conn: Connection, written: str) -> None:
    make(conn, "Анна", PHONE)
    make(conn, "Олена", EMAIL)
    mail(conn, "m1", EMAIL.address, f"Де моє замовлення 1042?\n\n-- \nОлена\n{written}")
    (found,) = listed(conn)
    assert found.reason == "signature"
    assert found.evidence[0]["phone"] == PHONE.address


def test_a_number_that_is_not_in_the_signature_says_nothing(conn: Connection) -> None:
    make(conn, "Анна", PHONE)
    text = "\n".join(["Подзвоніть Анні: 050 123 45 67", *(f"рядок {n}" for n in range(9))])
    mail(conn, "m1", EMAIL.address, text)
    mail(conn, "m2", EMAIL.address, "050 123 45 67\n-- \nОлена")
    assert listed(conn) == []


def test_the_same_name_in_the_same_organisation(conn: Connection) -> None:
    def row(external_id: str, name: str, organisation: str) -> None:
        new = CustomerRow(
            external_id=external_id,
            name=name,
            kind=CustomerKind.PERSON,
            language=None,
            identities=(),
            extensions={},
            organisation=organisation,
            vip=False,
            comment="",
        )
        save_customer(conn, new, at=AT)

    for external_id, name, organisation in (
        ("1", "Анна Коваль", "ТОВ Ромашка"),
        ("2", "Анна Коваль", "ТОВ Інша"),
        ("3", "Анна", "ТОВ Ромашка"),
        ("4", "Анна", "ТОВ Ромашка"),
        ("5", "АННА  КОВАЛЬ", "ТОВ Ромашка"),
    ):
        row(external_id, name, organisation)
    (found,) = listed(conn)
    assert [one.external_id for one in found.customers] == ["1", "5"]
    assert found.evidence == [
        {"reason": "name_and_organisation", "source": "customers", "organisation": "ТОВ Ромашка"}
    ]


def test_the_same_name_and_city(conn: Connection) -> None:
    make(conn, "Анна Коваль", PHONE)
    make(conn, "Анна Коваль", EMAIL)
    order(conn, "1", PHONE, city="Харків")
    assert listed(conn) == []
    order(conn, "2", EMAIL, city="ХАРКІВ")
    (found,) = listed(conn)
    assert found.reason == "name_and_city"


def test_a_person_and_a_group_are_never_one(conn: Connection) -> None:
    make(conn, "ТОВ", PHONE, kind=CustomerKind.ORGANISATION)
    make(conn, "Олена", EMAIL)
    order(conn, "1042", PHONE, EMAIL)
    assert listed(conn) == []


def test_accepting_is_a_merge_with_that_evidence(conn: Connection, agent: Agent) -> None:
    anna, olena = make(conn, "Анна"), make(conn, "Олена")
    suggest(conn, olena, anna, order="1042")
    (found,) = listed(conn)
    merge_id = accept(conn, found.id, agent=agent, at=AT)
    assert profiles.get_customer(conn, olena).id == anna
    (kept,) = list_merges(conn, anna)
    assert (kept.id, kept.by, kept.reason) == (merge_id, "Марія", "order")
    assert kept.evidence["said"] == [{"reason": "order", "order": "1042"}]
    assert listed(conn) == []
    (done,) = listed(conn, SuggestionState.ACCEPTED)
    assert (done.decided_by, done.merge_id) == ("Марія", merge_id)
    for again in (accept, decline):
        with pytest.raises(Conflict):
            again(conn, found.id, agent=agent, at=AT)  # type: ignore[operator]
    # Whoever takes it back knows that they are two: it is not suggested again.
    undo_merge(conn, merge_id, agent=agent, at=AT)
    suggest(conn, anna, olena, order="1043")
    assert listed(conn) == []


def test_declining_is_remembered_for_all_leaves(conn: Connection, agent: Agent) -> None:
    anna, twin, olena = make(conn, "Анна"), make(conn, "Анна К."), make(conn, "Олена")
    suggest(conn, anna, olena, order="1")
    (found,) = listed(conn)
    assert decline(conn, found.id, agent=agent, at=AT).state == "declined"
    suggest(conn, olena, anna, order="2")
    merge_customers(conn, twin, anna, agent=agent, reason="one", at=AT)
    suggest(conn, twin, olena, order="3")
    assert listed(conn) == []
    with pytest.raises(NotFound):
        decline(conn, new_id(), agent=agent, at=AT)


def test_one_that_is_open_gathers_evidence_once(conn: Connection) -> None:
    anna, olena = make(conn, "Анна"), make(conn, "Олена")
    for number in ("1", "2", "1"):
        suggest(conn, anna, olena, order=number)
    (found,) = listed(conn)
    assert [said["order"] for said in found.evidence] == ["1", "2"]


def test_those_who_became_one_otherwise_are_not_asked_about(conn: Connection, agent: Agent) -> None:
    anna, olena = make(conn, "Анна"), make(conn, "Олена")
    suggest(conn, anna, olena)
    merge_id = merge_customers(conn, anna, olena, agent=agent, reason="one", at=AT)
    assert listed(conn) == []
    suggest(conn, anna, olena, order="2")
    undo_merge(conn, merge_id, agent=agent, at=AT)
    assert len(listed(conn)) == 1


def test_pages_give_every_suggestion_once(conn: Connection) -> None:
    someone = make(conn, "Анна")
    for n in range(7):
        suggest(conn, someone, make(conn, f"Олена {n}"))
    seen: list[str] = []
    before = None
    while True:
        items, before = suggestions.list_suggestions(conn, state=SuggestionState.OPEN, limit=3, before=before)
        seen += [one.id for one in items]
        if before is None:
            break
    assert len(seen) == len(set(seen)) == 7


def test_a_shared_number_is_no_reason(conn: Connection) -> None:
    """Both are behind the number already: its order says nothing of who they are."""
    anna, olena = make(conn, "Анна"), make(conn, "Олена", EMAIL)
    give: Callable[..., str] = groups.give_address
    for one in (anna, olena):
        give(conn, one, PHONE, evidence={}, at=AT)
    order(conn, "1042", PHONE, EMAIL)
    assert listed(conn) == []

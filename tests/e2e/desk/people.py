"""The people whom the fake desk server shows, made of the domain's own types."""

from __future__ import annotations

from datetime import datetime, timedelta

from bridge.domain.customer import Candidate, Clue, ClueKind, Customer, CustomerKind, Identity, Strength
from bridge.domain.times import iso, utc_now

DID = "+380445550100"
AGENT_NAME = "Марія Ткач"
OLENA = Customer(
    id="01900000-0000-7000-8000-000000000001",
    kind=CustomerKind.PERSON,
    name="Олена Ковальчук",
    language="uk",
    vip=True,
    comment="Просить телефонувати після 10:00",
    external_id="C-1042",
    identities=[
        Identity("phone", "+380501234567"),
        Identity("email", "olena.k@sample.example", strength=Strength.PROVEN),
        Identity("telegram", "@olena_k", strength=Strength.DELIVERED),
    ],
)
FIRM = Customer(
    id="01900000-0000-7000-8000-000000000002",
    kind=CustomerKind.ORGANISATION,
    name="ТОВ «Світлий дім»",
    language="uk",
    identities=[Identity("phone", "+380445450100")],
)
TARAS = Customer(
    id="01900000-0000-7000-8000-000000000003",
    kind=CustomerKind.PERSON,
    name="Тарас Бондар",
    language="ru",
    belongs_to=[Candidate(id=FIRM.id, kind=FIRM.kind, name=FIRM.name, role="директор")],
)
IRYNA = Customer(id="01900000-0000-7000-8000-000000000004", kind=CustomerKind.PERSON, name="Ірина Бондар")
CUSTOMERS = {each.id: each for each in (OLENA, FIRM, TARAS, IRYNA)}


def before(now: datetime, **ago: float) -> str:
    return iso(now - timedelta(**ago))


def candidates_of(customer: Customer) -> list[Candidate]:
    if customer is not FIRM:
        return []
    at = before(utc_now(), hours=26)
    director = Candidate(
        id=TARAS.id,
        kind=TARAS.kind,
        name=TARAS.name,
        role="директор",
        extension="12",
        last_at=at,
        last_channel="email",
        clue=Clue(ClueKind.ADDRESS, "Львівська, 5"),
    )
    accountant = Candidate(
        id=IRYNA.id,
        kind=IRYNA.kind,
        name=IRYNA.name,
        role="бухгалтер",
        clue=Clue(ClueKind.ADDRESS, "Сумська, 12"),
    )
    return [director, accountant]

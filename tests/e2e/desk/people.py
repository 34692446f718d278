"""The people, orders and entries that the fake desk server shows, made of the domain's own types."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from bridge.desk.answers import PhoneLine, RungLine
from bridge.domain.call import (
    CallDetail,
    CallLeg,
    CallRecording,
    CallSummary,
    RecordingTranscript,
    Stage,
    TranscriptState,
)
from bridge.domain.card import Card, LastSpoke, OpenConversation
from bridge.domain.customer import Candidate, Clue, ClueKind, Customer, CustomerKind, Identity, Strength
from bridge.domain.dead_letter import DeadLetter
from bridge.domain.entry import Entry, EntryDirection, EntryKind
from bridge.domain.health import Health, Part, PhoneState, Versions, WatchedGap
from bridge.domain.merge import (
    FieldConflict,
    MergePreview,
    MergeSide,
    Suggestion,
    SuggestionReason,
    SuggestionState,
)
from bridge.domain.order import Order, OrderItem, OrderStatus
from bridge.domain.phone import ALL_RUNGS, PROFILES
from bridge.domain.question import with_question
from bridge.domain.queue import MemberLine, QueueLine, WaitingCall
from bridge.domain.times import iso, utc_now
from bridge.domain.work import WorkItem
from transcripts.interface import Speaker, Utterance, Word

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


def order(number: int, status: OrderStatus, total: int, at: str, item: str) -> Order:
    items = [OrderItem(sku=f"S{number}", name=item, quantity=1, price=total)]
    return Order(
        id=f"order-{number}",
        shop="main",
        order=f"#{number}",
        status=status,
        at=at,
        total=total,
        currency="UAH",
        items=items,
    )


def health() -> Health:
    """All is well; an hour ago nobody watched for 12 seconds."""
    now = utc_now()
    return Health(
        started_at=before(now, hours=30),
        versions=Versions("0.1.0", "22.10.1", "3.11.7"),
        ami_lag_ms=0.7,
        waiting_news=0,
        waiting_writes=0,
        waiting_work=3,
        waiting_work_seconds=4.2,
        calls_open=2,
        desks=4,
        stalls=0,
        parts=[Part("ami", ok=True), Part("agi", ok=True), Part("database", ok=True)],
        gaps=[WatchedGap(before(now, hours=1, seconds=12), before(now, hours=1))],
        phones=[
            PhoneState("101", "Андрій Мельник", registered=True),
            PhoneState("102", "Марія Ткач", registered=True),
            PhoneState("103", "Оксана Гриценко", registered=False),
        ],
        queues=[
            QueueLine(
                name="sales",
                waiting=[WaitingCall(since=before(now, seconds=40), call=None)],
                members=[
                    MemberLine(extension="101", paused=False, reason=""),
                    MemberLine(extension="102", paused=True, reason="wrap-up"),
                ],
            ),
        ],
    )


def orders_of(customer: Customer) -> list[Order]:
    now = utc_now()
    if customer is FIRM:
        return [order(20310, OrderStatus.SHIPPED, 1_840_000, before(now, days=5), "Світильник Linea, 12 шт.")]
    if customer is not OLENA:
        return []
    return [
        order(20481, OrderStatus.UNPAID, 129_900, before(now, minutes=18), "Чайник Aurora 1,7 л"),
        order(20455, OrderStatus.PAID, 54_000, before(now, hours=30), "Набір чашок, 6 шт."),
        order(20390, OrderStatus.ABANDONED, 249_950, before(now, days=3), "Кавоварка Lungo"),
    ]


def entry(number: int, kind: EntryKind, at: str, **fields: Any) -> Entry:
    given: dict[str, Any] = {
        "customer_id": OLENA.id,
        "channel": None,
        "direction": None,
        "author": "",
        "text": "",
        "source": "sample",
    }
    return Entry(
        id=f"01900000-0000-7000-9000-{number:012d}",
        kind=kind,
        at=at,
        source_key=str(number),
        **(given | fields),
    )


def entries_of(customer: Customer) -> list[Entry]:
    """Newest first; enough of them that the page has to ask for more."""
    if customer is FIRM:
        return firm_entries()
    if customer is not OLENA:
        return []
    now = utc_now()
    inbound, outbound = EntryDirection.INBOUND, EntryDirection.OUTBOUND
    order_payload = {
        "order": "#20481",
        "status": "unpaid",
        "total": 129_900,
        "currency": "UAH",
        "items": [{"sku": "S1", "name": "Чайник Aurora 1,7 л", "quantity": 1, "price": 129_900}],
    }
    call_payload = {
        "direction": "inbound",
        "caller": "+380501234567",
        "dialled": DID,
        "queue": "support",
        "state": "ended",
        "outcome": "answered",
        "duration_ms": 192_000,
        "answered_by": "Андрій Мельник",
        "recording": True,
    }
    newest = [
        entry(1, EntryKind.ORDER, before(now, minutes=18), channel="shop", payload=order_payload),
        entry(
            2,
            EntryKind.MESSAGE,
            before(now, minutes=52),
            channel="email",
            direction=inbound,
            author="olena.k@sample.example",
            text="Добрий день! Оплата карткою не проходить уже втретє. Чи можна оплатити при отриманні?",
            payload={
                "subject": "Замовлення #20481",
                "quoted": "> Ваше замовлення прийнято, очікуємо оплату.",
            },
        ),
        entry(
            3,
            EntryKind.MESSAGE,
            before(now, hours=3),
            channel="chat",
            direction=outbound,
            author="Марія Ткач",
            text="Так, чайник є на складі, надішлемо в день оплати.",
        ),
        entry(
            4,
            EntryKind.MESSAGE,
            before(now, hours=3, minutes=4),
            channel="chat",
            direction=inbound,
            author="Олена",
            text="Чи є Aurora 1,7 л у наявності?",
        ),
        entry(
            5,
            EntryKind.NOTE,
            before(now, days=2),
            author="Андрій Мельник",
            text="Доставку перенесено на четвер після 18:00. Обіцяли знижку 5 % на наступне замовлення.",
            payload={"disposition": "resolved", "agent_id": "agent-1"},
            replaces_id=f"01900000-0000-7000-9000-{7:012d}",
        ),
        entry(
            7,
            EntryKind.NOTE,
            before(now, days=2, minutes=1),
            author="Андрій Мельник",
            text="Доставку перенесено на середу.",
            payload={"agent_id": "agent-1"},
            replaced_by=f"01900000-0000-7000-9000-{5:012d}",
        ),
        entry(
            6,
            EntryKind.CALL,
            before(now, days=2, minutes=4),
            channel="phone",
            direction=inbound,
            call_id=f"{CALL_PREFIX}{6:012d}",
            payload=call_payload,
        ),
        entry(8, EntryKind.MESSAGE, before(now, days=4), channel="chat", direction=inbound, redacted=True),
    ]
    older = [
        entry(
            100 + number,
            EntryKind.MESSAGE,
            before(now, days=10 + number),
            channel="email" if number % 2 else "chat",
            direction=inbound if number % 3 else outbound,
            author="olena.k@sample.example" if number % 3 else "Марія Ткач",
            text=f"Питання щодо замовлення #{20100 - number}",
        )
        for number in range(60)
    ]
    return newest + older


def firm_entries() -> list[Entry]:
    now = utc_now()
    return [
        entry(
            51,
            EntryKind.CALL,
            before(now, hours=26),
            customer_id=FIRM.id,
            channel="phone",
            direction=EntryDirection.INBOUND,
            call_id=f"{CALL_PREFIX}{13:012d}",
            payload={"direction": "inbound", "outcome": "abandoned", "queue": "sales"},
        ),
        entry(
            52,
            EntryKind.MESSAGE,
            before(now, days=4),
            customer_id=FIRM.id,
            channel="email",
            direction=EntryDirection.INBOUND,
            author="office@dim.example",
            text="Надсилаємо підписаний рахунок. Просимо підтвердити дату відвантаження.",
            payload={
                "subject": "Рахунок 118",
                "attachments": [
                    {"id": "a1", "name": "рахунок-118.pdf", "media_type": "application/pdf", "size": 184_320}
                ],
            },
        ),
    ]


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


def context_of(customer: Customer) -> dict[str, Any]:
    """What the card and the customer page have in common."""
    entries = entries_of(customer)
    note = next((each for each in entries if each.kind is EntryKind.NOTE), None)
    spoke = (
        LastSpoke(author="Марія Ткач", channel="chat", at=entries[min(2, len(entries) - 1)].at)
        if entries
        else None
    )
    letter = next((each for each in entries if each.payload.get("subject")), None)
    conversation = letter and OpenConversation(
        id="conversation-1",
        channel="email",
        subject=letter.payload["subject"],
        state="open",
        last_at=letter.at,
    )
    return {
        "candidates": candidates_of(customer),
        "conversations": [conversation] if conversation else [],
        "orders": orders_of(customer),
        "last_note": note,
        "last_spoke": spoke,
    }


def card_of(call_id: str, caller: str, customer: Customer | None) -> Card:
    context = context_of(customer) if customer else {}
    recent = entries_of(customer)[:8] if customer else []
    card = Card(
        call_id=call_id,
        caller=caller,
        dialled=DID,
        customer=customer,
        queue="support",
        recent=recent,
        **context,
    )
    return with_question(card, "en")


RECORDING = "recording-1"
CALL_PREFIX = "01900000-0000-7000-a000-"


def summary(number: int, caller: str, customer: Customer | None, **fields: Any) -> CallSummary:
    given: dict[str, Any] = {
        "direction": "inbound",
        "queue": "support",
        "state": "open",
        "outcome": None,
        "started_at": iso(utc_now()),
        "answered_at": None,
        "ended_at": None,
        "answered_by": None,
        "owner_id": None,
        "owner": None,
        "handled_at": None,
    }
    return CallSummary(
        id=f"{CALL_PREFIX}{number:012d}",
        pbx="main",
        linkedid=str(number),
        caller=caller,
        dialled=DID,
        customer_id=customer.id if customer else None,
        customer_name=customer.name if customer else None,
        **(given | fields),
    )


def ended(number: int, caller: str, customer: Customer | None, minutes: float, outcome: str) -> CallSummary:
    now = utc_now()
    answered = before(now, minutes=minutes - 0.2) if outcome == "answered" else None
    return summary(
        number,
        caller,
        customer,
        state="ended",
        outcome=outcome,
        started_at=before(now, minutes=minutes),
        answered_at=answered,
        ended_at=before(now, minutes=minutes - 3.4),
        answered_by="Андрій Мельник" if answered else None,
    )


def past_calls() -> list[CallSummary]:
    return [
        ended(16, "+380671112233", IRYNA, 21, "answered"),
        ended(15, "+380935550199", None, 47, "abandoned"),
        ended(14, "", None, 95, "voicemail"),
        ended(13, "+380445450100", FIRM, 130, "answered"),
        ended(6, "+380501234567", OLENA, 60 * 48 + 4, "answered"),
    ]


def open_work() -> list[WorkItem]:
    """Newest first: tried three times; a voicemail with its words; one that a colleague has taken."""
    message = CallRecording(
        id=RECORDING, kind="voicemail", state="ready", duration_ms=3_000, transcript=message_words()
    )
    new, voicemail, taken = (
        ended(25, "+380935550199", None, 12, "abandoned"),
        ended(24, "+380501234567", OLENA, 41, "voicemail"),
        ended(23, "", None, 95, "no_answer"),
    )
    taken = msgspec.structs.replace(taken, owner_id="agent-2", owner="Марія Ткач")
    return [
        WorkItem(
            key=new.caller, call=new, attempts=3, first_at=ended(22, "", None, 70, "abandoned").started_at
        ),
        WorkItem(
            key=voicemail.caller,
            call=voicemail,
            attempts=1,
            first_at=voicemail.started_at,
            voicemails=[message],
        ),
        WorkItem(key=taken.id, call=taken, attempts=1, first_at=taken.started_at),
    ]


def phones() -> list[PhoneLine]:
    """One of which all was seen, one of which a rung was not shown, one that nobody tried."""

    def line(extension: str, who: str, profile: str, *, registered: bool, **seen: bool) -> PhoneLine:
        on = {"name", "desk", *PROFILES[profile]}
        at = before(utc_now(), hours=2)
        rungs = [
            RungLine(
                rung=rung,
                on=rung in on,
                shown=seen.get(rung),
                at=at if rung in seen else None,
                by="Оксана Гриценко" if rung in seen else None,
            )
            for rung in ALL_RUNGS
        ]
        return PhoneLine(
            agent_id=f"agent-{extension}",
            extension=extension,
            name=who,
            profile=profile,
            registered=registered,
            rungs=rungs,
        )

    return [
        line("101", "Андрій Мельник", "microsip", registered=True, name=True, message=False),
        line("102", "Марія Ткач", "linphone", registered=True, name=True, message=True, desk=True),
        line("103", "Оксана Гриценко", "desk-phone", registered=False),
    ]


def dead_letters() -> list[DeadLetter]:
    """Newest first: one whose reason is long, one in two lines."""
    reasons = (
        (
            "receive",
            "InvalidInput: body: Expected `object`, got `array` - at `$.message.entities[3].custom_emoji_id`",
        ),
        (
            "transcribe",
            "ValueError: not enough values to unpack (expected 2, got 1)\nwhile it read the caller's side",
        ),
    )
    return [
        DeadLetter(
            id=f"01990000-0000-7000-8000-0000000000d{number}",
            group="receiver" if topic == "receive" else "transcriber",
            topic=topic,
            key=f"01990000-0000-7000-8000-0000000000c{number}",
            created_at=iso(utc_now() - timedelta(minutes=50 * number + 8)),
            died_at=iso(utc_now() - timedelta(minutes=50 * number + 7)),
            tries=3,
            reason=reason,
            payload={},
        )
        for number, (topic, reason) in enumerate(reasons)
    ]


def detail_of(call: CallSummary, words: RecordingTranscript | None = None) -> CallDetail:
    started = datetime.fromisoformat(call.started_at)
    steps = [
        ("invite", 0, None, None),
        ("identified", 9, None, "known"),
        ("pop_sent", 31, "101", None),
        ("ringing", 38, "101", None),
        ("ringing", 41, "102", None),
        ("pop_shown", 74, "101", None),
        ("answered", 6_412, "101", None),
        ("withdrawn", 6_413, "102", "answered_elsewhere"),
        ("ended", 198_502, None, "answered"),
    ]
    stages = [
        Stage(stage=stage, at=iso(started + timedelta(milliseconds=at)), extension=extension, detail=detail)
        for stage, at, extension, detail in steps
    ]
    at = [stage.at for stage in stages]
    legs = [
        CallLeg(
            uniqueid="1",
            role="caller",
            state="ended",
            created_at=at[0],
            answered_at=at[6],
            ended_at=at[8],
            cause=16,
        ),
        CallLeg(
            uniqueid="2",
            role="agent",
            state="ended",
            extension="101",
            created_at=at[2],
            ringing_at=at[3],
            answered_at=at[6],
            ended_at=at[8],
            cause=16,
        ),
        CallLeg(
            uniqueid="3",
            role="agent",
            state="ended",
            extension="102",
            created_at=at[2],
            ringing_at=at[4],
            ended_at=at[7],
            cause=26,
        ),
    ]
    recording = CallRecording(
        id=RECORDING, kind="call", state="ready", duration_ms=192_000, transcript=words or transcript()
    )
    fields = {name: getattr(call, name) for name in call.__struct_fields__}
    return CallDetail(**fields, stages=stages, legs=legs, recordings=[recording])


def turn(speaker: Speaker, first: int, *texts: str) -> Utterance:
    """Each word lasts 400 ms."""
    words = tuple(
        Word(text=text, start_ms=400 * n, end_ms=400 * n + 400, confidence=0.9)
        for n, text in enumerate(texts, first)
    )
    return Utterance(speaker, words[0].start_ms, words[-1].end_ms, " ".join(texts), words)


def transcript(*turns: Utterance, language: str = "en") -> RecordingTranscript:
    """Two turns where none are given."""
    spoken = turns or (turn(Speaker.CALLER, 1, "where", "is"), turn(Speaker.AGENT, 3, "on", "friday"))
    return RecordingTranscript(
        state=TranscriptState.READY,
        entry_id="entry-transcript",
        language=language,
        model=f"{language}-telephone-small",
        utterances=list(spoken),
    )


def message_words() -> RecordingTranscript:
    return transcript(turn(Speaker.CALLER, 1, "передзвоніть", "мені", "про", "замовлення"), language="uk")


def preview_of(one: Customer, other: Customer) -> MergePreview:
    """What comes together of any two: counts are made up."""
    first = MergeSide(
        customer=one, entries={"chat": 4, "email": 31, "none": 1}, orders=3, open_conversations=1
    )
    second = MergeSide(customer=other, entries={"phone": 2}, orders=0, open_conversations=0)
    return MergePreview(
        sides=[first, second],
        identities=[*one.identities, *other.identities],
        entries={"chat": 4, "email": 31, "none": 1, "phone": 2},
        orders=3,
        open_conversations=1,
        conflicts=[
            FieldConflict(field="name", values=[one.name, other.name]),
            FieldConflict(field="language", values=[one.language, other.language]),
            FieldConflict(field="vip", values=[one.vip, other.vip]),
        ],
    )


def suggestions() -> list[Suggestion]:
    now = utc_now()
    by_order = {"reason": "order", "source": "shop", "order": "#20481"}
    by_signature = {"reason": "signature", "source": "email", "phone": "+380501234567", "source_key": "m1"}
    by_name = {"reason": "name_and_organisation", "source": "customers", "organisation": FIRM.name}
    return [
        Suggestion(
            id="suggestion-1",
            customers=[OLENA, IRYNA],
            reason=SuggestionReason.ORDER,
            evidence=[by_order, by_signature],
            state=SuggestionState.OPEN,
            at=before(now, minutes=18),
        ),
        Suggestion(
            id="suggestion-2",
            customers=[TARAS, IRYNA],
            reason=SuggestionReason.NAME_AND_ORGANISATION,
            evidence=[by_name],
            state=SuggestionState.OPEN,
            at=before(now, days=2),
        ),
    ]

"""The part of the fake desk server that keeps conversations, what is said in them, canned answers, hours and load."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
from aiohttp import BodyPartReader, web

from bridge.desk.answers import ConversationWindow, Upload
from bridge.domain.agent import Agent
from bridge.domain.calendar import Calendar, Holiday, Span
from bridge.domain.canned import CannedAnswer, fill
from bridge.domain.continuing import ContinueLink
from bridge.domain.conversation import (
    ClosedWay,
    ConversationCounts,
    ConversationDetail,
    ConversationState,
    ConversationSummary,
    OpenWay,
    WayClosed,
)
from bridge.domain.customer import Customer
from bridge.domain.delivery import Delivery, DeliveryState
from bridge.domain.duty import Duty, InboxRule
from bridge.domain.entry import Entry, EntryDirection, EntryKind, Page
from bridge.domain.message import Template
from bridge.domain.times import iso, parse_iso, utc_now
from tests.e2e.desk import people
from tests.e2e.desk.answering import answer, problem

Tell = Callable[[str, object], Awaitable[None]]

WORKDAY = (Span("09:00", "13:00"), Span("14:00", "18:00"))
CHAT = "01900000-0000-7000-c000-000000000001"
MAIL = "01900000-0000-7000-c000-000000000002"
LATE = "01900000-0000-7000-c000-000000000003"
FORGED = "01900000-0000-7000-c000-000000000004"
WAYS = [
    OpenWay(
        channel="email",
        inbox="support@sample.example",
        address="olena.k@sample.example",
        inbox_id="inbox-1",
        templated=False,
    ),
    OpenWay(channel="telegram", inbox="svitlo_bot", address="1234567", inbox_id="inbox-2", templated=False),
    OpenWay(
        channel="whatsapp", inbox="15550783881", address="380501234567", inbox_id="inbox-3", templated=True
    ),
]
CLOSED = [ClosedWay(channel="chat", reason=WayClosed.NOT_SIGNED_IN, continues=True)]
LINK = ContinueLink(
    channel="chat",
    url="https://shop.example/#omniline=go-abc",
    text="Продовжмо в чаті: https://shop.example/#omniline=go-abc",
    expires_at="2026-11-28T10:00:00Z",
)
TEMPLATE = Template(name="order_ready", language="uk", text="Замовлення {{1}} чекає на вас.", blanks=("1",))
CANNED = [
    CannedAnswer(
        id="canned-1",
        title="Оплата при отриманні",
        text="{customer.name}, ваше замовлення {order.number} можна оплатити при отриманні.",
    ),
    CannedAnswer(id="canned-2", title="Повернення", text="Повернути товар можна протягом 14 днів."),
]


def conversations() -> list[ConversationSummary]:
    now = utc_now()

    def at(**ago: float) -> str:
        return iso(now - timedelta(**ago))

    return [
        ConversationSummary(
            id=LATE,
            channel="email",
            inbox="support@sample.example",
            subject="Рахунок для бухгалтерії",
            state=ConversationState.OPEN,
            customer_id=people.TARAS.id,
            customer_name=people.TARAS.name,
            assignee_id=None,
            assignee=None,
            opened_at=at(hours=5),
            last_at=at(hours=4),
            waiting_since=at(hours=4),
            due_at=at(minutes=35),
            overdue=True,
            priority=1,
            tags=["рахунки"],
            last_text="Доброго дня! Надішліть, будь ласка, рахунок з печаткою на десять світильників.",
            last_direction="inbound",
        ),
        ConversationSummary(
            id=CHAT,
            channel="telegram",
            inbox="svitlo_bot",
            subject="",
            state=ConversationState.OPEN,
            customer_id=people.OLENA.id,
            customer_name=people.OLENA.name,
            assignee_id="agent-1",
            assignee="Андрій Мельник",
            opened_at=at(minutes=40),
            last_at=at(minutes=3),
            waiting_since=at(minutes=3),
            due_at=iso(now + timedelta(minutes=12)),
            tags=["оплата"],
            mentions=["agent-1"],
            last_text="А післяплатою можна? Картка знову не проходить.",
            last_direction="inbound",
        ),
        ConversationSummary(
            id=MAIL,
            channel="email",
            inbox="support@sample.example",
            subject="Доставка до Львова",
            state=ConversationState.OPEN,
            customer_id=people.IRYNA.id,
            customer_name=people.IRYNA.name,
            assignee_id="agent-2",
            assignee="Марія Ткач",
            opened_at=at(hours=1),
            last_at=at(minutes=1),
            waiting_since=at(minutes=1),
            due_at=iso(now + timedelta(hours=3)),
            last_text="Коли можна очікувати доставку?",
            last_direction="inbound",
        ),
    ]


def said() -> list[Entry]:
    """In the chat, newest first."""
    now = utc_now()

    def message(number: int, text: str, minutes: float, **fields: Any) -> Entry:
        given = {"channel": "telegram", "conversation_id": CHAT, "text": text} | fields
        at = iso(now - timedelta(minutes=minutes))
        return people.entry(5000 + number, EntryKind.MESSAGE, at, **given)

    theirs = {"author": people.OLENA.name, "direction": EntryDirection.INBOUND}
    ours = {"author": "Марія Ткач", "direction": EntryDirection.OUTBOUND}
    note = {
        "author": "Марія Ткач",
        "conversation_id": CHAT,
        "text": "@andrii, перевір, чи пройшла оплата: банк відхиляє картку вдруге.",
        "payload": {"agent_id": "agent-2", "mentions": ["agent-1"]},
    }
    return [
        message(5, "А післяплатою можна? Картка знову не проходить.", 3, **theirs),
        people.entry(5004, EntryKind.NOTE, iso(now - timedelta(minutes=6)), **note),
        message(
            3,
            "Спробуйте ще раз за цим посиланням.",
            9,
            **ours,
            delivery=Delivery(id="delivery-3", state=DeliveryState.FAILED, reason="Too Many Requests"),
        ),
        message(
            2,
            "Доброго дня, Олено! Зараз перевірю оплату.",
            31,
            **ours,
            delivery=Delivery(id="delivery-2", state=DeliveryState.SENT),
        ),
        message(1, "Вітаю! Не можу оплатити чайник, картка не проходить.", 40, **theirs),
    ]


class FakeConversations:
    """`sent` is what was written, by conversation."""

    def __init__(self, agent: Agent, team: list[Agent], tell: Tell) -> None:
        self.all = {each.id: each for each in conversations()}
        self.entries = {CHAT: said()}
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.offered: list[str] = []
        self.canned = list(CANNED)
        # When a conversation's window ends; one that is not here has none.
        self.window_ends: dict[str, str] = {}
        self.calendar = Calendar("Europe/Kyiv", (*(WORKDAY,) * 5, (), ()), (Holiday("2026-12-25", "Різдво"),))
        self.rules = {
            each.inbox_id: each
            for each in (
                InboxRule(inbox_id="inbox-1", channel="email", key="support@sample.example", away=True),
                InboxRule(inbox_id="inbox-2", channel="telegram", key="svitlo_bot", skill="продажі"),
            )
        }
        self.duties = {
            each.id: Duty(
                agent_id=each.id, name=each.name, capacity=3, skills=["продажі"], languages=["uk", "ru"]
            )
            for each in team
        }
        self._agent = agent
        self._team = team
        self._tell = tell
        self._number = 6000

    def forge(self) -> str:
        """A mail that is not from whom it names; its conversation."""
        at = iso(utc_now() - timedelta(minutes=20))
        name = "Олена Ковальчук olena@example.org"
        text = "Доброго дня! У нас змінився рахунок, надалі платіть, будь ласка, на цей. Реквізити у файлі."
        self.all[FORGED] = ConversationSummary(
            id=FORGED,
            channel="email",
            inbox="support@sample.example",
            subject="Новий рахунок для оплати",
            state=ConversationState.OPEN,
            customer_id=None,
            customer_name=None,
            assignee_id=None,
            assignee=None,
            opened_at=at,
            last_at=at,
            waiting_since=at,
            last_text=text,
            last_direction="inbound",
            suspicious=True,
        )
        payload = {"subject": "Новий рахунок для оплати", "forged": True, "forged_by": "dmarc"}
        said = {"author": name, "direction": EntryDirection.INBOUND, "channel": "email", "text": text}
        self.entries[FORGED] = [
            people.entry(5900, EntryKind.MESSAGE, at, **said, conversation_id=FORGED, payload=payload)
        ]
        return FORGED

    def routes(self, api: str) -> list[web.RouteDef]:
        one = f"{api}/conversations/{{id}}"
        return [
            web.get(f"{api}/conversations", self._list),
            web.get(one, self._get),
            web.get(f"{one}/entries", self._entries),
            web.get(f"{one}/canned_answers", self._filled),
            web.post(f"{one}/messages", self._send),
            web.get(f"{one}/window", self._window),
            web.get(f"{api}/inboxes/{{id}}/templates", self._templates),
            web.post(f"{one}/template", self._send_template),
            web.post(f"{one}/notes", self._note),
            web.post(f"{one}/assign", self._assign),
            web.post(f"{one}/state", self._change),
            web.put(f"{one}/tags", self._tag),
            web.post(f"{one}/seen", self._see),
            web.post(f"{one}/file", self._file),
            web.get(f"{api}/customers/{{id}}/ways", self._ways),
            web.post(f"{api}/customers/{{id}}/continue", self._continue),
            web.post(f"{api}/customers/{{id}}/conversations", self._begin),
            web.get(f"{api}/colleagues", self._colleagues),
            web.get(f"{api}/canned_answers", self._list_canned),
            web.post(f"{api}/canned_answers", self._save_canned),
            web.put(f"{api}/canned_answers/{{id}}", self._save_canned),
            web.delete(f"{api}/canned_answers/{{id}}", self._drop_canned),
            web.post(f"{api}/attachments", self._upload),
            web.get(f"{api}/calendar", self._get_calendar),
            web.put(f"{api}/calendar", self._save_calendar),
            web.get(f"{api}/inbox_rules", self._rules),
            web.put(f"{api}/inbox_rules/{{id}}", self._save_rule),
            web.get(f"{api}/duties", self._duties),
            web.put(f"{api}/duties/{{id}}", self._save_duty),
        ]

    async def change(self, conversation_id: str, **fields: Any) -> ConversationSummary:
        """It changes, and the desks hear of it."""
        changed = msgspec.structs.replace(self.all[conversation_id], **fields)
        self.all[conversation_id] = changed
        await self._tell("conversation", changed)
        return changed

    def _of(self, request: web.Request) -> str:
        return request.match_info["id"]

    def _waiting(self) -> list[ConversationSummary]:
        waiting = [each for each in self.all.values() if each.state == "open" and each.waiting_since]
        return sorted(waiting, key=lambda each: (-each.priority, each.waiting_since or ""))

    async def _list(self, request: web.Request) -> web.Response:
        show, scope = request.query["show"], request.query["scope"]
        waiting, me = self._waiting(), self._agent.id
        shown = {
            "waiting": waiting,
            "suspicious": [each for each in self.all.values() if each.state == "open" and each.suspicious],
            "answered": [
                each for each in self.all.values() if each.state == "open" and not each.waiting_since
            ],
        }.get(show, [each for each in self.all.values() if each.state == show])
        of_scope = {
            "mine": lambda each: each.assignee_id == me or me in each.mentions,
            "unassigned": lambda each: each.assignee_id is None,
            "all": lambda each: True,
        }
        counts = {name: sum(map(is_in, waiting)) for name, is_in in of_scope.items()}
        suspicious = sum(each.suspicious and each.state == "open" for each in self.all.values())
        items = [each for each in shown if of_scope[scope](each)]
        return answer(
            {"items": items, "next": None, "counts": ConversationCounts(**counts, suspicious=suspicious)}
        )

    async def _get(self, request: web.Request) -> web.Response:
        found = self.all.get(self._of(request))
        if found is None:
            return problem(404, "no such conversation")
        customer: Customer | None = people.CUSTOMERS.get(found.customer_id or "")
        return answer(ConversationDetail(**msgspec.structs.asdict(found), customer=customer, ways=WAYS))

    async def _entries(self, request: web.Request) -> web.Response:
        return answer(Page(items=self.entries.get(self._of(request), []), next=None))

    async def _append(self, conversation_id: str, kind: EntryKind, text: str, **fields: Any) -> Entry:
        self._number += 1
        entry = people.entry(
            self._number,
            kind,
            iso(utc_now()),
            author=self._agent.name,
            text=text,
            conversation_id=conversation_id,
            **fields,
        )
        self.entries.setdefault(conversation_id, []).insert(0, entry)
        await self._tell("entry", entry)
        return entry

    async def _send(self, request: web.Request) -> web.Response:
        given = await request.json()
        return answer(await self._write(self._of(request), given), 201)

    async def _write(self, conversation_id: str, given: dict[str, Any]) -> Entry:
        self.sent.append((conversation_id, given))
        entry = await self._append(
            conversation_id,
            EntryKind.MESSAGE,
            given["text"],
            channel=self.all[conversation_id].channel,
            direction=EntryDirection.OUTBOUND,
            delivery=Delivery(id=f"delivery-{self._number}", state=DeliveryState.ACCEPTED),
            payload={name: given[name] for name in ("cc", "to") if given.get(name)},
        )
        await self.change(conversation_id, waiting_since=None, due_at=None, overdue=False)
        return entry

    async def _note(self, request: web.Request) -> web.Response:
        given = await request.json()
        self.sent.append((self._of(request), given))
        return answer(await self._append(self._of(request), EntryKind.NOTE, given["text"]), 201)

    async def _assign(self, request: web.Request) -> web.Response:
        agent_id = (await request.json())["agent_id"]
        name = next((each.name for each in self._team if each.id == agent_id), None)
        return answer(await self.change(self._of(request), assignee_id=agent_id, assignee=name))

    async def _change(self, request: web.Request) -> web.Response:
        given = await request.json()
        state = ConversationState(given["state"])
        fields: dict[str, Any] = {"state": state, "snoozed_until": given.get("until")}
        if state is ConversationState.RESOLVED:
            fields["waiting_since"] = None
        return answer(await self.change(self._of(request), **fields))

    async def _tag(self, request: web.Request) -> web.Response:
        return answer(await self.change(self._of(request), tags=(await request.json())["tags"]))

    async def _file(self, request: web.Request) -> web.Response:
        customer = people.CUSTOMERS[(await request.json())["customer_id"]]
        fields = {"customer_id": customer.id, "customer_name": customer.name, "suspicious": False}
        await self.change(self._of(request), **fields)
        return answer({"filing_id": "filing-1", "customer_id": customer.id})

    async def _see(self, request: web.Request) -> web.Response:
        await self.change(self._of(request), mentions=[])
        return web.Response(status=204)

    async def _window(self, request: web.Request) -> web.Response:
        ends_at = self.window_ends.get(self._of(request))
        window = ConversationWindow(
            channel="whatsapp",
            inbox_id="inbox-3",
            limited=ends_at is not None,
            window_ends_at=ends_at,
            open=ends_at is None or parse_iso(ends_at) > utc_now(),
        )
        return answer(window)

    async def _templates(self, _: web.Request) -> web.Response:
        return answer({"items": [TEMPLATE], "next": None})

    async def _send_template(self, request: web.Request) -> web.Response:
        given = await request.json()
        text = TEMPLATE.text.replace("{{1}}", given["values"]["1"])
        return answer(await self._write(self._of(request), {**given, "text": text}), 201)

    async def _ways(self, _: web.Request) -> web.Response:
        return answer({"items": WAYS, "closed": CLOSED, "next": None})

    async def _continue(self, request: web.Request) -> web.Response:
        self.offered.append((await request.json())["channel"])
        return answer(LINK, 201)

    async def _begin(self, request: web.Request) -> web.Response:
        given = await request.json()
        if "template" in given:
            given["text"] = TEMPLATE.text.replace("{{1}}", given["template"]["values"]["1"])
        return answer(await self._write(MAIL if given["way"]["channel"] == "email" else CHAT, given), 201)

    async def _colleagues(self, _: web.Request) -> web.Response:
        return answer({"items": self._team, "next": None})

    async def _filled(self, request: web.Request) -> web.Response:
        values = {"customer.name": self.all[self._of(request)].customer_name or ""}
        items = [msgspec.structs.replace(each, filled=fill(each.text, values)) for each in self.canned]
        return answer({"items": items, "next": None})

    async def _list_canned(self, _: web.Request) -> web.Response:
        return answer({"items": self.canned, "next": None})

    async def _save_canned(self, request: web.Request) -> web.Response:
        given = await request.json()
        saved = CannedAnswer(id=request.match_info.get("id") or f"canned-{len(self.canned) + 1}", **given)
        self.canned = [each for each in self.canned if each.id != saved.id] + [saved]
        return answer(saved, 201)

    async def _drop_canned(self, request: web.Request) -> web.Response:
        self.canned = [each for each in self.canned if each.id != request.match_info["id"]]
        return web.Response(status=204)

    async def _upload(self, request: web.Request) -> web.Response:
        part = await (await request.multipart()).next()
        assert isinstance(part, BodyPartReader)
        content = await part.read()
        upload = Upload(id="upload-1", name=part.filename or "", media_type="text/plain", size=len(content))
        return answer(upload)

    async def _get_calendar(self, _: web.Request) -> web.Response:
        return answer(self.calendar)

    async def _save_calendar(self, request: web.Request) -> web.Response:
        self.calendar = msgspec.convert(await request.json(), Calendar)
        return answer(self.calendar)

    async def _rules(self, _: web.Request) -> web.Response:
        return answer({"items": list(self.rules.values()), "next": None})

    async def _save_rule(self, request: web.Request) -> web.Response:
        found = self.rules[self._of(request)]
        self.rules[found.inbox_id] = msgspec.structs.replace(found, **await request.json())
        return answer(self.rules[found.inbox_id])

    async def _duties(self, _: web.Request) -> web.Response:
        return answer({"items": list(self.duties.values()), "next": None})

    async def _save_duty(self, request: web.Request) -> web.Response:
        found = self.duties[self._of(request)]
        self.duties[found.agent_id] = msgspec.structs.replace(found, **await request.json())
        return answer(self.duties[found.agent_id])

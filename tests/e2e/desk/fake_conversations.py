"""The part of the fake desk server that keeps conversations and what is said in them."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import BodyPartReader, web

from bridge.desk.answers import ConversationWindow, Upload
from bridge.domain.agent import Agent
from bridge.domain.canned import fill
from bridge.domain.conversation import (
    ConversationCounts,
    ConversationDetail,
    ConversationState,
    ConversationSummary,
)
from bridge.domain.customer import Customer
from bridge.domain.delivery import Delivery, DeliveryState
from bridge.domain.entry import Entry, EntryDirection, EntryKind, Page
from bridge.domain.times import iso, parse_iso, utc_now
from tests.e2e.desk import people
from tests.e2e.desk.answering import Tell, answer, problem
from tests.e2e.desk.conversations import (
    CHAT,
    CLOSED,
    FORGED,
    LINK,
    MAIL,
    TEMPLATE,
    WAYS,
    conversations,
    forged,
    said,
)
from tests.e2e.desk.entries import entry
from tests.e2e.desk.fake_canned import FakeCanned


class FakeConversations:
    """`sent` is what was written, by conversation."""

    def __init__(self, agent: Agent, team: list[Agent], canned: FakeCanned, tell: Tell) -> None:
        self.all = {each.id: each for each in conversations()}
        self.entries = {CHAT: said()}
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.offered: list[str] = []
        # When a conversation's window ends; one that is not here has none.
        self.window_ends: dict[str, str] = {}
        self._agent = agent
        self._team = team
        self._canned = canned
        self._tell = tell
        self._number = 6000

    def forge(self) -> str:
        """A mail that is not from whom it names; its conversation."""
        self.all[FORGED], mail = forged()
        self.entries[FORGED] = [mail]
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
            web.post(f"{api}/attachments", self._upload),
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
        said = entry(
            self._number,
            kind,
            iso(utc_now()),
            author=self._agent.name,
            text=text,
            conversation_id=conversation_id,
            **fields,
        )
        self.entries.setdefault(conversation_id, []).insert(0, said)
        await self._tell("entry", said)
        return said

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
        items = [msgspec.structs.replace(each, filled=fill(each.text, values)) for each in self._canned.all]
        return answer({"items": items, "next": None})

    async def _upload(self, request: web.Request) -> web.Response:
        part = await (await request.multipart()).next()
        assert isinstance(part, BodyPartReader)
        content = await part.read()
        upload = Upload(id="upload-1", name=part.filename or "", media_type="text/plain", size=len(content))
        return answer(upload)

"""A small other side of the desk's API: serves the built web app and plays calls to it, without a PBX and a database.

It answers with the domain's own types, so that what the web app is shown here is what the real server sends. Calls are
played by `ring`, `answer`, `hang_up` and `withdraw`; what the browser said of the pops is in `shown`.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import wave
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from bridge.desk.answers import PhoneLine, SearchHit, SearchList
from bridge.domain.agent import Agent, Role
from bridge.domain.call import CallSummary, NoteDraft, RecordingTranscript
from bridge.domain.card import Card, ScreenPop
from bridge.domain.customer import Customer
from bridge.domain.entry import Entry, EntryKind, Page
from bridge.domain.live import LiveMessage
from bridge.domain.merge import Leaf, Merge, Suggestion, SuggestionState
from bridge.domain.terms import marked, terms_of, wanted_terms
from bridge.domain.times import iso, utc_now
from bridge.domain.work import WorkChange, WorkItem
from bridge.store import customer_words
from tests.e2e.desk import people
from tests.e2e.desk.answering import answer, problem
from tests.e2e.desk.fake_channels import FakeChannels
from tests.e2e.desk.fake_consents import FakeConsents
from tests.e2e.desk.fake_conversations import FakeConversations
from tests.e2e.desk.fake_matters import FakeMatters
from tests.e2e.desk.fake_orders import FakeOrders

DIST = Path(__file__).parents[3] / "bridge/desk/web/dist"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
PASSWORD = "correct horse"
CSRF = "csrf-1"
AGENT = Agent(
    id="agent-1", login="andrii", name="Андрій Мельник", role=Role.AGENT, extension="101", language="en"
)
TEAM = [
    (AGENT, "available"),
    (Agent(id="agent-2", login="maria", name="Марія Ткач", role=Role.AGENT, extension="102"), "in_call"),
    (
        Agent(id="agent-3", login="oksana", name="Оксана Гриценко", role=Role.SUPERVISOR, extension="103"),
        "wrap_up",
    ),
]


def tone() -> bytes:
    """Three seconds of stereo WAV: a low tone on the left, a high one on the right."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        left = itertools.cycle([0, 6000, 0, -6000])
        right = itertools.cycle([6000, -6000])
        frames = (
            next(side).to_bytes(2, "little", signed=True) for _ in range(24000) for side in (left, right)
        )
        sound.writeframes(b"".join(frames))
    return buffer.getvalue()


@web.middleware
async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
    is_api = request.path.startswith("/api/") and request.path != "/api/v1/login"
    if is_api and request.cookies.get("omniline_session") != "1":
        return problem(401, "log in first")
    is_unsafe = is_api and request.method not in ("GET", "HEAD")
    if is_unsafe and request.headers.get("X-CSRF-Token") != CSRF:
        return problem(403, "CSRF token is missing")
    response: web.StreamResponse = await handler(request)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = CSP
    return response


class FakeDesk:
    """One agent, one company. `async with` serves it at `url`."""

    def __init__(self, role: Role = Role.AGENT, language: str = "en") -> None:
        self.agent = msgspec.structs.replace(AGENT, role=role, language=language)
        self.shown: list[str] = []
        # Of the recording of a call, by the call's id, where it is another than `people` says.
        self.transcripts: dict[str, RecordingTranscript] = {}
        self.wrapped_up: list[tuple[str, str]] = []
        self.drafts: dict[str, NoteDraft] = {}
        self.calls: dict[str, CallSummary] = {each.id: each for each in people.past_calls()}
        self.work: dict[str, WorkItem] = {each.key: each for each in people.open_work()}
        self.phones: dict[str, PhoneLine] = {each.agent_id: each for each in people.phones()}
        self.tested: list[str] = []
        self.cards: dict[str, Card] = {}
        self.pops: dict[str, ScreenPop] = {}
        self.unfinished: set[str] = set()
        self.retired: list[dict[str, str]] = []
        self.merges: list[Merge] = []
        self.suggestions: list[Suggestion] = people.suggestions()
        self.added: list[Entry] = []
        self.matters = FakeMatters()
        team = [each for each, _ in TEAM]
        self.conversations = FakeConversations(self.agent, team, self._say)
        # What this desk says of itself in conversations.
        self.presence: list[dict[str, str]] = []
        self.consents = FakeConsents()
        self.orders = FakeOrders()
        self.channels = FakeChannels()
        self.dead_letters = people.dead_letters()
        self.state = "available"
        self.state_call: str | None = None
        self.reachable = True
        self.health = people.health()
        self.url = ""
        self._sockets: set[web.WebSocketResponse] = set()
        self._numbers = itertools.count(1000)
        self._filings: dict[str, tuple[str, Customer | None]] = {}

    async def __aenter__(self) -> FakeDesk:
        app = web.Application(middlewares=[guard])
        app.add_routes(self._routes())
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()
        await self._runner.cleanup()

    def _routes(self) -> list[web.RouteDef | web.StaticDef]:
        api = "/api/v1"
        return [
            web.post(f"{api}/login", self._login),
            web.post(f"{api}/logout", self._logout),
            web.get(f"{api}/me", self._me),
            web.get(f"{api}/agents", self._agents),
            web.get(f"{api}/search", self._search),
            web.get(f"{api}/health", self._health),
            web.get(f"{api}/customers/{{id}}", self._customer),
            web.get(f"{api}/customers/{{id}}/timeline", self._timeline),
            web.post(f"{api}/customers/{{id}}/notes", self._add_note),
            web.post(f"{api}/customers/{{id}}/addresses/retire", self._retire),
            web.get(f"{api}/customers/{{id}}/merge/preview", self._preview),
            web.post(f"{api}/customers/{{id}}/merge", self._merge),
            web.get(f"{api}/customers/{{id}}/merges", self._list_merges),
            web.post(f"{api}/merges/{{id}}/undo", self._undo_merge),
            web.get(f"{api}/suggestions", self._suggest),
            web.post(f"{api}/suggestions/{{id}}/{{decision:accept|decline}}", self._decide),
            web.get(f"{api}/calls", self._calls),
            web.get(f"{api}/calls/{{id}}", self._call),
            web.get(f"{api}/calls/{{id}}/card", self._card),
            web.get(f"{api}/calls/{{id}}/note", self._draft),
            web.put(f"{api}/calls/{{id}}/note", self._put_draft),
            web.post(f"{api}/calls/{{id}}/wrap_up", self._wrap_up),
            web.get(f"{api}/worklist", self._worklist),
            web.get(f"{api}/phones", self._phones),
            web.post(f"{api}/phones/{{id}}/test_call", self._test_call),
            web.post(f"{api}/phones/{{id}}/proofs", self._save_proof),
            web.post(f"{api}/calls/{{id}}/{{verb:take|release}}", self._give_work),
            web.post(f"{api}/calls/{{id}}/handled", self._finish_work),
            web.post(f"{api}/calls/{{id}}/file", self._file),
            web.post(f"{api}/filings/{{id}}/undo", self._undo),
            web.get(f"{api}/recordings/{{id}}/audio", self._audio),
            *self.consents.routes(api),
            *self.orders.routes(api),
            *self.channels.routes(api),
            *self.matters.routes(api),
            *self.conversations.routes(api),
            web.get(f"{api}/dead_letters", self._dead_letters),
            web.post(f"{api}/dead_letters/{{id}}/retry", self._end_letter),
            web.delete(f"{api}/dead_letters/{{id}}", self._end_letter),
            web.get(f"{api}/live", self._live),
            web.static("/assets", DIST / "assets"),
            *(
                web.get(path, self._page)
                for path in (
                    "/",
                    "/login",
                    "/worklist",
                    "/canned_answers",
                    "/hours",
                    "/phones",
                    "/suggestions",
                    "/connections",
                    "/dead_letters",
                    "/health",
                    "/components",
                    "/{kind:customers|calls|conversations}/{id}",
                )
            ),
        ]

    # What happens on the phone.

    async def ring(self, caller: str, customer: Customer | None) -> ScreenPop:
        number = next(self._numbers)
        call = people.summary(number, caller, customer)
        card = self._with_matters(people.card_of(call.id, caller, customer))
        pop = ScreenPop(id=f"pop-{number}", call_id=call.id, extension="101", leg=str(number), card=card)
        self.calls[call.id], self.cards[call.id], self.pops[pop.id] = call, card, pop
        await self._say("call", call)
        await self._say("screen_pop", pop)
        await self._enter("ringing", call.id)
        return pop

    async def withdraw(self, pop: ScreenPop, reason: str) -> None:
        del self.pops[pop.id]
        await self._say("screen_pop_withdrawn", {"pop_id": pop.id, "call_id": pop.call_id, "reason": reason})
        await self._enter("available", None)

    async def answer(self, pop: ScreenPop) -> None:
        del self.pops[pop.id]
        self.unfinished.add(pop.call_id)
        await self._change(pop.call_id, answered_at=iso(utc_now()), answered_by=self.agent.name)
        await self._enter("in_call", pop.call_id)

    async def hang_up(self, call_id: str) -> None:
        await self._change(call_id, state="ended", outcome="answered", ended_at=iso(utc_now()))
        await self._enter("wrap_up", call_id)

    async def miss(self, item: WorkItem) -> None:
        """Somebody was not answered."""
        self.work[item.key] = item
        await self._say("work", WorkChange(key=item.key, item=item))

    async def handle(self, key: str) -> None:
        """A colleague has dealt with it."""
        del self.work[key]
        await self._say("work", WorkChange(key=key, item=None))

    async def come(self, name: str, conversation_id: str, doing: str) -> None:
        """A colleague is in a conversation."""
        who = {"desk": name, "agent_id": name, "name": name}
        await self._say("presence", who | {"conversation_id": conversation_id, "doing": doing})

    async def cut(self) -> None:
        """Breaks every live channel, as a restart of the server does."""
        for socket in list(self._sockets):
            await socket.close()

    async def _change(self, call_id: str, **fields: Any) -> None:
        self.calls[call_id] = msgspec.structs.replace(self.calls[call_id], **fields)
        await self._say("call", self.calls[call_id])

    async def _enter(self, state: str, call_id: str | None) -> None:
        self.state, self.state_call = state, call_id
        await self._say("agent_state", self._own_state())

    def _own_state(self) -> dict[str, str | None]:
        return {
            "agent_id": self.agent.id,
            "extension": "101",
            "state": self.state,
            "call_id": self.state_call,
        }

    async def say_transcript(self, call_id: str) -> None:
        """Tells the desks that a call's transcript came, or will not come."""
        state = self.transcripts[call_id].state
        await self._say("transcript", {"call_id": call_id, "recording_id": people.RECORDING, "state": state})

    async def _say(self, kind: str, data: object, to: web.WebSocketResponse | None = None) -> None:
        number = str(next(self._numbers))
        durable = kind in ("call", "entry", "work", "conversation")
        message = LiveMessage(
            type=kind, id=number, at=iso(utc_now()), data=data, cursor=number if durable else None
        )
        for socket in [to] if to else list(self._sockets):
            await socket.send_str(msgspec.json.encode(message).decode())

    # The API.

    async def _login(self, request: web.Request) -> web.Response:
        given = await request.json()
        if (given["login"], given["password"]) != (self.agent.login, PASSWORD):
            return problem(401, "login or password is wrong")
        response = answer({"token": "t", "csrf": CSRF, "agent": self.agent})
        response.set_cookie("omniline_session", "1", httponly=True, samesite="Strict")
        return response

    async def _logout(self, _: web.Request) -> web.Response:
        response = web.Response(status=204)
        response.del_cookie("omniline_session")
        return response

    async def _me(self, _: web.Request) -> web.Response:
        company = {"name": "Світлий дім", "region": "UA", "language": "uk"}
        unfinished = [
            msgspec.to_builtins(self.calls[each]) | {"draft": self.drafts.get(each)}
            for each in sorted(self.unfinished)
        ]
        return answer({"agent": self.agent, "csrf": CSRF, "company": company, "unfinished": unfinished})

    async def _health(self, _: web.Request) -> web.Response:
        return answer(self.health)

    async def _agents(self, _: web.Request) -> web.Response:
        items = [msgspec.to_builtins(agent) | {"state": state} for agent, state in TEAM]
        return answer({"items": items, "next": None})

    async def _search(self, request: web.Request) -> web.Response:
        wanted = request.query["q"]
        hits = []
        for customer in people.CUSTOMERS.values():
            texts = (customer.name, *(identity.address for identity in customer.identities))
            pieces = [customer_words.mark(each, wanted) for each in texts]
            if shown := next((each for each in pieces if any(piece.hit for piece in each)), None):
                hits.append(SearchHit(type="customer", customer=customer, pieces=shown))
        for entry in people.entries_of(people.OLENA):
            if all(set(terms_of(entry.text)).intersection(terms) for terms in wanted_terms(wanted)):
                found = marked(entry.text, wanted)
                hits.append(SearchHit(type="entry", customer=people.OLENA, entry=entry, pieces=found))
        return answer(SearchList(hits[: int(request.query["limit"])], None))

    async def _customer(self, request: web.Request) -> web.Response:
        customer = people.CUSTOMERS.get(request.match_info["id"])
        if customer is None:
            return problem(404, "no such customer")
        context = people.context_of(customer) | self.matters.of(customer.id)
        return answer(msgspec.to_builtins(customer) | msgspec.to_builtins(context))

    async def _timeline(self, request: web.Request) -> web.Response:
        customer = people.CUSTOMERS[request.match_info["id"]]
        added = [each for each in self.added if each.customer_id == customer.id]
        asked = request.query
        entries = [
            each
            for each in added + people.entries_of(customer)
            if asked.get("channel") in (None, each.channel)
            and asked.get("kind") in (None, each.kind)
            and asked.get("agent") in (None, each.payload.get("agent_id"))
            and asked.get("since", "") <= each.at < asked.get("until", "9")
        ]
        start, limit = int(request.query.get("before", "0")), int(request.query["limit"])
        rest = str(start + limit) if start + limit < len(entries) else None
        return answer(Page(items=entries[start : start + limit], next=rest))

    async def _add(
        self, text: str, customer_id: str | None, call_id: str | None, payload: dict[str, Any]
    ) -> Entry:
        entry = people.entry(
            next(self._numbers),
            EntryKind.NOTE,
            iso(utc_now()),
            author=self.agent.name,
            text=text,
            customer_id=customer_id,
            call_id=call_id,
            payload=payload | {"agent_id": self.agent.id},
        )
        self.added.insert(0, entry)
        await self._say("entry", entry)
        return entry

    async def _add_note(self, request: web.Request) -> web.Response:
        given = await request.json()
        return answer(await self._add(given["text"], request.match_info["id"], None, {}), 201)

    async def _retire(self, request: web.Request) -> web.Response:
        self.retired.append(await request.json())
        return web.Response(status=204)

    async def _preview(self, request: web.Request) -> web.Response:
        both = (people.CUSTOMERS[request.match_info["id"]], people.CUSTOMERS[request.query["into"]])
        return answer(people.preview_of(*both))

    async def _merge(self, request: web.Request) -> web.Response:
        given = await request.json()
        ends = (people.CUSTOMERS[request.match_info["id"]], people.CUSTOMERS[given["into"]])
        return answer({"merge_id": self._join(*ends, given["survivor"], given["reason"])})

    def _join(self, one: Customer, other: Customer, survivor: str, reason: str) -> str:
        leaves = {each.id: Leaf(id=each.id, kind=each.kind, name=each.name) for each in (one, other)}
        merge = Merge(
            id=f"merge-{next(self._numbers)}",
            leaf_a=leaves[one.id],
            leaf_b=leaves[other.id],
            survivor=leaves[survivor],
            reason=reason,
            evidence={},
            by=self.agent.name,
            at=iso(utc_now()),
        )
        self.merges.insert(0, merge)
        return merge.id

    async def _list_merges(self, request: web.Request) -> web.Response:
        asked = request.match_info["id"]
        found = [each for each in self.merges if asked in (each.leaf_a.id, each.leaf_b.id)]
        return answer({"items": found, "next": None})

    async def _undo_merge(self, request: web.Request) -> web.Response:
        undone = {"undone_by": self.agent.name, "undone_at": iso(utc_now())}
        self.merges = [
            msgspec.structs.replace(each, **undone) if each.id == request.match_info["id"] else each
            for each in self.merges
        ]
        return answer({"still_joined_by": []})

    async def _suggest(self, _: web.Request) -> web.Response:
        return answer({"items": self.suggestions, "next": None})

    async def _decide(self, request: web.Request) -> web.Response:
        (decided,) = [each for each in self.suggestions if each.id == request.match_info["id"]]
        self.suggestions.remove(decided)
        if request.match_info["decision"] == "decline":
            return answer(msgspec.structs.replace(decided, state=SuggestionState.DECLINED))
        one, other = decided.customers
        return answer({"merge_id": self._join(one, other, one.id, decided.reason)})

    async def _calls(self, _: web.Request) -> web.Response:
        newest = sorted(self.calls.values(), key=lambda call: call.started_at, reverse=True)
        return answer({"items": newest, "next": None})

    async def _call(self, request: web.Request) -> web.Response:
        call = self.calls.get(request.match_info["id"])
        if call is None:
            return problem(404, "no such call")
        return answer(people.detail_of(call, self.transcripts.get(call.id)))

    async def _card(self, request: web.Request) -> web.Response:
        return answer(self._with_matters(self.cards[request.match_info["id"]]))

    async def _draft(self, request: web.Request) -> web.Response:
        return answer(self.drafts.get(request.match_info["id"], {"rev": 0, "text": ""}))

    async def _put_draft(self, request: web.Request) -> web.Response:
        call_id, given = request.match_info["id"], await request.json()
        if not self.reachable:
            return problem(503, "the database is locked")
        stored = self.drafts.get(call_id)
        if stored and given["rev"] <= stored.rev:
            return problem(409, "the stored draft is newer")
        self.drafts[call_id] = NoteDraft(call_id=call_id, saved_at=iso(utc_now()), **given)
        return answer(self.drafts[call_id])

    async def _wrap_up(self, request: web.Request) -> web.Response:
        call_id, given = request.match_info["id"], await request.json()
        self.wrapped_up.append((call_id, given["disposition"]))
        self.unfinished.discard(call_id)
        draft = self.drafts.get(call_id)
        entry = None
        if draft and draft.text:
            entry = await self._add(draft.text, self.calls[call_id].customer_id, call_id, given)
        await self._enter("available", None)
        return answer({"entry": entry})

    async def _worklist(self, _: web.Request) -> web.Response:
        newest = sorted(self.work.values(), key=lambda item: item.call.started_at, reverse=True)
        return answer({"items": newest, "next": None})

    def _work_of(self, request: web.Request) -> WorkItem:
        return next(item for item in self.work.values() if item.call.id == request.match_info["id"])

    async def _give_work(self, request: web.Request) -> web.Response:
        item, taken = self._work_of(request), request.match_info["verb"] == "take"
        owner = {"owner_id": self.agent.id, "owner": self.agent.name} if taken else {}
        given = msgspec.structs.replace(item.call, **({"owner_id": None, "owner": None} | owner))
        await self.miss(msgspec.structs.replace(item, call=given))
        return answer(self.work[item.key])

    async def _finish_work(self, request: web.Request) -> web.Response:
        await self.handle(self._work_of(request).key)
        return web.Response(status=204)

    async def _phones(self, _: web.Request) -> web.Response:
        return answer({"items": list(self.phones.values()), "next": None})

    async def _test_call(self, request: web.Request) -> web.Response:
        phone = self.phones[request.match_info["id"]]
        if not phone.registered:
            return problem(409, "this phone is not registered")
        self.tested.append(phone.extension)
        return web.Response(status=204)

    async def _save_proof(self, request: web.Request) -> web.Response:
        phone, given = self.phones[request.match_info["id"]], await request.json()
        seen = {"shown": given["shown"], "at": iso(utc_now()), "by": self.agent.name}
        rungs = [
            msgspec.structs.replace(each, **seen) if each.rung == given["rung"] else each
            for each in phone.rungs
        ]
        self.phones[phone.agent_id] = msgspec.structs.replace(phone, rungs=rungs)
        return answer(self.phones[phone.agent_id])

    async def _file(self, request: web.Request) -> web.Response:
        call_id, given = request.match_info["id"], await request.json()
        filing_id = f"filing-{next(self._numbers)}"
        self._filings[filing_id] = (call_id, self.cards[call_id].customer)
        if "new" in given:
            customer = msgspec.structs.replace(people.IRYNA, id=f"new-{filing_id}", name=given["new"]["name"])
            people.CUSTOMERS[customer.id] = customer
        else:
            customer = people.CUSTOMERS[given["customer_id"]]
        self._put_card(call_id, customer)
        return answer({"filing_id": filing_id, "customer_id": customer.id})

    async def _undo(self, request: web.Request) -> web.Response:
        call_id, customer = self._filings.pop(request.match_info["id"])
        self._put_card(call_id, customer)
        return answer({"filing_id": "undo", "customer_id": customer.id if customer else None})

    def _put_card(self, call_id: str, customer: Customer | None) -> None:
        self.cards[call_id] = people.card_of(call_id, self.cards[call_id].caller, customer)

    def _with_matters(self, card: Card) -> Card:
        return msgspec.structs.replace(card, **self.matters.of(card.customer.id if card.customer else None))

    async def _audio(self, request: web.Request) -> web.Response:
        if request.match_info["id"] != people.RECORDING:
            return problem(404, "no such recording")
        sound = await asyncio.to_thread(tone)
        asked = request.http_range
        first = asked.start or 0
        part = sound[first : asked.stop]
        # A browser seeks only in what comes in ranges.
        place = {"Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(sound)}"}
        return web.Response(status=206, body=part, content_type="audio/wav", headers=place)

    async def _dead_letters(self, _: web.Request) -> web.Response:
        return answer({"items": self.dead_letters, "next": None})

    async def _end_letter(self, request: web.Request) -> web.Response:
        self.dead_letters = [letter for letter in self.dead_letters if letter.id != request.match_info["id"]]
        return web.Response(status=204)

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await self._say("notice", {"code": "hello", "cursor": str(next(self._numbers))}, socket)
        for pop in self.pops.values():
            await self._say("screen_pop", pop, socket)
        await self._say("agent_state", self._own_state(), socket)
        self._sockets.add(socket)
        async for message in socket:
            said = message.json() if message.type is WSMsgType.TEXT else {}
            if said.get("type") == "screen_pop_shown":
                self.shown.append(said["id"])
            elif said.get("type") == "presence":
                self.presence.append(said)
        self._sockets.discard(socket)
        return socket

    async def _page(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(DIST / "index.html")

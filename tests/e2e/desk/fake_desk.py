"""A small other side of the desk's API: serves the built web app and plays calls to it, without a PBX and a database.

It answers with the domain's own types, so that what the web app is shown here is what the real server sends. Calls are
played by `ring`, `answer`, `hang_up` and `withdraw`; what the browser said of the pops is in `shown`.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from bridge.domain.agent import Agent, Role
from bridge.domain.card import ScreenPop
from bridge.domain.customer import Customer
from bridge.domain.live import LiveMessage
from bridge.domain.times import iso, utc_now
from tests.e2e.desk.answering import answer, problem
from tests.e2e.desk.calls import RECORDING, summary
from tests.e2e.desk.cards import card_of
from tests.e2e.desk.fake_calls import FakeCalls
from tests.e2e.desk.fake_canned import FakeCanned
from tests.e2e.desk.fake_channels import FakeChannels
from tests.e2e.desk.fake_consents import FakeConsents
from tests.e2e.desk.fake_conversations import FakeConversations
from tests.e2e.desk.fake_customers import FakeCustomers
from tests.e2e.desk.fake_dead_letters import FakeDeadLetters
from tests.e2e.desk.fake_hours import FakeHours
from tests.e2e.desk.fake_matters import FakeMatters
from tests.e2e.desk.fake_merging import FakeMerging
from tests.e2e.desk.fake_orders import FakeOrders
from tests.e2e.desk.fake_phones import FakePhones
from tests.e2e.desk.fake_worklist import FakeWorklist
from tests.e2e.desk.health import health

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
        self.wrapped_up: list[tuple[str, str]] = []
        self.pops: dict[str, ScreenPop] = {}
        self.unfinished: set[str] = set()
        # What this desk says of itself in conversations.
        self.presence: list[dict[str, str]] = []
        self.state = "available"
        self.state_call: str | None = None
        self.health = health()
        self.url = ""
        self._sockets: set[web.WebSocketResponse] = set()
        self._numbers = itertools.count(1000)
        self._make_parts([each for each, _ in TEAM])

    def _make_parts(self, team: list[Agent]) -> None:
        self.matters = FakeMatters()
        self.calls = FakeCalls(self.matters)
        self.customers = FakeCustomers(self.agent, self.matters, self._say)
        self.merging = FakeMerging(self.agent)
        self.consents = FakeConsents()
        self.orders = FakeOrders()
        self.canned = FakeCanned()
        self.conversations = FakeConversations(self.agent, team, self.canned, self._say)
        self.worklist = FakeWorklist(self.agent, self._say)
        self.hours = FakeHours(team)
        self.phones = FakePhones(self.agent)
        self.channels = FakeChannels()
        self.dead_letters = FakeDeadLetters()

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
        parts = (
            self.matters,
            self.calls,
            self.customers,
            self.merging,
            self.consents,
            self.orders,
            self.canned,
            self.conversations,
            self.worklist,
            self.hours,
            self.phones,
            self.channels,
            self.dead_letters,
        )
        return [
            web.post(f"{api}/login", self._login),
            web.post(f"{api}/logout", self._logout),
            web.get(f"{api}/me", self._me),
            web.get(f"{api}/agents", self._agents),
            web.get(f"{api}/health", self._health),
            web.post(f"{api}/calls/{{id}}/wrap_up", self._wrap_up),
            web.get(f"{api}/live", self._live),
            *(route for part in parts for route in part.routes(api)),
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
        call = summary(number, caller, customer)
        card = self.calls.with_matters(card_of(call.id, caller, customer))
        pop = ScreenPop(id=f"pop-{number}", call_id=call.id, extension="101", leg=str(number), card=card)
        self.calls.all[call.id], self.calls.cards[call.id], self.pops[pop.id] = call, card, pop
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

    async def come(self, name: str, conversation_id: str, doing: str) -> None:
        """A colleague is in a conversation."""
        who = {"desk": name, "agent_id": name, "name": name}
        await self._say("presence", who | {"conversation_id": conversation_id, "doing": doing})

    async def cut(self) -> None:
        """Breaks every live channel, as a restart of the server does."""
        for socket in list(self._sockets):
            await socket.close()

    async def _change(self, call_id: str, **fields: Any) -> None:
        self.calls.all[call_id] = msgspec.structs.replace(self.calls.all[call_id], **fields)
        await self._say("call", self.calls.all[call_id])

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
        state = self.calls.transcripts[call_id].state
        await self._say("transcript", {"call_id": call_id, "recording_id": RECORDING, "state": state})

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
            msgspec.to_builtins(self.calls.all[each]) | {"draft": self.calls.drafts.get(each)}
            for each in sorted(self.unfinished)
        ]
        return answer({"agent": self.agent, "csrf": CSRF, "company": company, "unfinished": unfinished})

    async def _health(self, _: web.Request) -> web.Response:
        return answer(self.health)

    async def _agents(self, _: web.Request) -> web.Response:
        items = [msgspec.to_builtins(agent) | {"state": state} for agent, state in TEAM]
        return answer({"items": items, "next": None})

    async def _wrap_up(self, request: web.Request) -> web.Response:
        call_id, given = request.match_info["id"], await request.json()
        self.wrapped_up.append((call_id, given["disposition"]))
        self.unfinished.discard(call_id)
        draft = self.calls.drafts.get(call_id)
        entry = None
        if draft and draft.text:
            entry = await self.customers.add_note(
                draft.text, self.calls.all[call_id].customer_id, call_id, given
            )
        await self._enter("available", None)
        return answer({"entry": entry})

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

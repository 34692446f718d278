"""Every route, walked from the table with every role; what guards them; what they say of themselves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import Connection

from bridge.desk.route import Route
from bridge.desk.routes import ROUTES
from bridge.desk.sessions import IDLE, LONGEST
from bridge.domain.agent import Role
from bridge.domain.customer import Identity
from bridge.domain.ids import new_id
from bridge.domain.times import utc_now
from bridge.store import people
from tests.contract.desk_server import PASSWORD, PHONE_KEY, Client, DeskServer, logged_in, serving
from tests.fakes.scripted_call import ScriptedCall

ROLES = {"101": Role.AGENT, "103": Role.SUPERVISOR, "admin": Role.ADMIN}
GUARDED = [route for route in ROUTES if route.least is not None]
BODIES: dict[str, Any] = {
    "/api/v1/customers/{id}/notes": {"text": "x"},
    "/api/v1/calls/{id}/note": {"text": "x", "rev": 1},
    "/api/v1/calls/{id}/wrap_up": {"disposition": "other"},
    "/api/v1/calls/{id}/file": {"customer_id": new_id(), "reason": "x"},
    "/api/v1/entries/{id}/file": {"customer_id": new_id(), "reason": "x"},
    **{
        f"/api/v1/customers/{{id}}/addresses{verb}": {
            "kind": "phone",
            "address": "+380501110001",
            "reason": "x",
        }
        for verb in ("", "/retire", "/take_back")
    },
    "/api/v1/calls/{id}/continue": {"channel": "phone"},
    "/api/v1/customers/{id}/continue": {"channel": "phone"},
    "/api/v1/conversations/{id}/continue": {"channel": "phone"},
    "/api/v1/matters/{id}/continue": {"channel": "phone"},
    "/api/v1/customers/{id}/merge": {"into": new_id(), "reason": "x"},
    "/api/v1/customers/{id}/matters": {"title": "x"},
    "/api/v1/customers/{id}/promises": {"text": "x"},
    "/api/v1/matters/{id}": {"state": "settled"},
    "/api/v1/matters/{id}/links": {"thing": "call", "thing_id": new_id()},
    "/api/v1/promises/{id}": {"state": "kept"},
    "/api/v1/conversations/{id}/messages": {"text": "x", "key": "k"},
    "/api/v1/conversations/{id}/template": {"name": "x", "language": "en", "key": "k"},
    "/api/v1/customers/{id}/consents": {
        "channel": "email",
        "purpose": "service",
        "granted": True,
        "words": "x",
    },
    "/api/v1/customers/{id}/orders": {
        "shop": "main",
        "items": [{"sku": "x", "name": "x", "quantity": 1, "price": 1}],
        "currency": "UAH",
        "key": "k",
    },
    "/api/v1/conversations/{id}/notes": {"text": "x"},
    "/api/v1/conversations/{id}/assign": {"agent_id": None},
    "/api/v1/conversations/{id}/state": {"state": "open"},
    "/api/v1/conversations/{id}/tags": {"tags": ["x"]},
    "/api/v1/customers/{id}/conversations": {
        "text": "x",
        "key": "k",
        "way": {"channel": "telegram", "inbox": "bot", "address": "1"},
    },
    "/api/v1/channels/{id}/token": {"token": "x"},
    "/api/v1/inbox_rules/{id}": {"away": True},
    "/api/v1/duties/{id}": {"capacity": 1},
    "/api/v1/canned_answers/{id}": {"title": "x", "text": "x"},
    "/api/v1/conversations/{id}/file": {"customer_id": new_id(), "reason": "x"},
    "/api/v1/phones/{id}/proofs": {"rung": "name", "shown": True},
}

QUERIES = {"/api/v1/customers/{id}/merge/preview": f"?into={new_id()}"}


def basic(user: str, key: str) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(user, key)}


def name_of(route: Route) -> str:
    return f"{route.method} {route.plain_path}"


def path_of(route: Route, row_id: str) -> str:
    path = route.plain_path.removeprefix("/api/v1/").replace("{id}", row_id).replace("{link}", row_id)
    return path + QUERIES.get(route.plain_path, "")


@pytest.fixture
async def server(url: str, tmp_path: Path) -> AsyncIterator[DeskServer]:
    async with serving(url, tmp_path) as running:
        yield running


async def test_every_route_asks_who_it_is_and_for_its_role(server: DeskServer) -> None:
    async with aiohttp.ClientSession() as nobody:
        for route in GUARDED:
            address = f"{server.url}/api/v1/{path_of(route, new_id())}"
            async with nobody.request(route.method, address, json=BODIES.get(route.plain_path)) as answer:
                assert answer.status == 401, name_of(route)
                assert answer.content_type == "application/problem+json"
    for login, role in ROLES.items():
        async with logged_in(server, login) as client:
            for route in GUARDED:
                if route.plain_path == "/api/v1/logout" or route.upgrade:
                    continue
                status, answer = await client.ask(
                    route.method, path_of(route, new_id()), BODIES.get(route.plain_path)
                )
                assert route.least is not None
                if not role.includes(route.least):
                    assert status == 403, (name_of(route), role, answer)
                elif route.takes:
                    assert status == 422, (name_of(route), role, answer)
                elif "{id}" in route.plain_path:
                    assert status == 404, (name_of(route), role, answer)
                else:
                    assert status == 200 or (role is Role.ADMIN and status == 422), (name_of(route), answer)


async def test_others_notes_wrap_ups_and_rings_are_foreign(server: DeskServer) -> None:
    ScriptedCall(server.calls, "+380501110001").talk("101")
    await server.settle()
    async with logged_in(server, "101") as owner:
        ((call),) = (await owner.get("calls"))["items"]
        await owner.ask("PUT", f"calls/{call['id']}/note", {"text": "mine", "rev": 1})
    async with logged_in(server, "102") as other:
        for method, path, body in (
            ("GET", "note", None),
            ("PUT", "note", {"text": "x", "rev": 9}),
            ("POST", "wrap_up", {"disposition": "other"}),
            ("GET", "card", None),
        ):
            assert (await other.ask(method, f"calls/{call['id']}/{path}", body))[0] == 403, path
        assert (await other.ask("GET", "ringing?extension=101"))[0] == 403
        # What happened is everybody's to read.
        assert (await other.get(f"calls/{call['id']}"))["id"] == call["id"]
        assert (await other.get("me"))["unfinished"] == []
    async with logged_in(server, "103") as supervisor:
        assert (await supervisor.get(f"calls/{call['id']}/card"))["call_id"] == call["id"]
        assert (await supervisor.get("ringing", extension="101"))["items"] == []
        assert (await supervisor.ask("GET", f"calls/{call['id']}/note"))[0] == 403
    async with logged_in(server, "101") as owner:
        assert (await owner.get(f"calls/{call['id']}/note"))["text"] == "mine"
        (unfinished,) = (await owner.get("me"))["unfinished"]
        assert unfinished["draft"]["text"] == "mine"


async def test_a_cookie_needs_the_csrf_token_and_our_own_page(server: DeskServer) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        client = Client(server, "101", browser)
        status, login = await client.ask("POST", "login", {"login": "101", "password": PASSWORD})
        assert status == 200
        cookie = next(iter(jar))
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        ours = {"X-CSRF-Token": login["csrf"]}
        assert (await client.ask("POST", "logout", headers={"X-CSRF-Token": "x"}))[0] == 403
        assert (await client.ask("POST", "logout"))[0] == 403
        foreign = {**ours, "Origin": "https://evil.example"}
        assert (await client.ask("POST", "logout", headers=foreign))[0] == 403
        assert (await client.ask("POST", "logout", headers={**ours, "Origin": "null"}))[0] == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await browser.ws_connect(f"{server.url}/api/v1/live", origin="https://evil.example")
        assert refused.value.status == 403
        assert (await client.get("me"))["csrf"] == login["csrf"]
        assert (await client.ask("POST", "logout", headers={**ours, "Origin": server.url}))[0] == 204
        assert (await client.ask("GET", "me"))[0] == 401


async def test_a_login_in_the_name_of_another_site_is_refused(server: DeskServer) -> None:
    async with aiohttp.ClientSession(headers={"Origin": "https://evil.example"}) as browser:
        client = Client(server, "101", browser)
        assert (await client.ask("POST", "login", {"login": "101", "password": PASSWORD}))[0] == 403


async def test_guessing_is_slowed_and_tells_nothing(server: DeskServer) -> None:
    async with aiohttp.ClientSession() as http:
        client = Client(server, "101", http)
        answers = [
            await client.ask("POST", "login", {"login": login, "password": "wrong"})
            for login in ("nobody", "101", "101", "101", "101", "101", "101")
        ]
        assert answers[0] == answers[1]
        assert [status for status, _ in answers] == [401] * 6 + [429]
        async with http.post(
            f"{server.url}/api/v1/login", json={"login": "101", "password": PASSWORD}
        ) as answer:
            assert answer.status == 429
            assert answer.headers["Retry-After"] == "1"
        server.clock.seconds += 1.0
        assert (await client.ask("POST", "login", {"login": "101", "password": PASSWORD}))[0] == 200


async def test_sessions_end(server: DeskServer) -> None:
    async with logged_in(server, "101") as client:
        server.clock.ahead = IDLE * 0.9
        await client.get("me")
        server.clock.ahead = IDLE * 1.8
        await client.get("me")
        server.clock.ahead = IDLE * 2.9
        assert (await client.ask("GET", "me"))[0] == 401
    server.clock.ahead = 0 * IDLE
    async with logged_in(server, "101") as client:
        while server.clock.ahead < LONGEST:
            await client.get("me")
            server.clock.ahead += IDLE * 0.9
        assert (await client.ask("GET", "me"))[0] == 401


async def test_a_phone_key_opens_its_own_ringing_and_nothing_else(server: DeskServer) -> None:
    ScriptedCall(server.calls, "+380501110001").ring("101")
    async with aiohttp.ClientSession(headers=basic("agent-101", PHONE_KEY)) as phone:
        client = Client(server, "101", phone)
        (pop,) = (await client.get("ringing"))["items"]
        assert pop["extension"] == "101"
        assert (await client.ask("GET", "ringing?extension=102"))[0] == 403
        assert (await client.ask("GET", "customers"))[0] == 401
    for user, key in (("agent-101", "wrong"), ("101", PHONE_KEY), ("agent-999", PHONE_KEY)):
        async with aiohttp.ClientSession(headers=basic(user, key)) as phone:
            assert (await Client(server, user, phone).ask("GET", "ringing"))[0] == 401


@pytest.mark.parametrize(
    ("path", "headers", "challenge"),
    [
        ("ringing", basic("agent-101", "wrong"), 'Basic realm="omniline"'),
        ("ringing", {"Authorization": "Basic ???"}, 'Basic realm="omniline"'),
        ("ringing", {}, 'Bearer realm="omniline", Basic realm="omniline"'),
        ("ringing", {"Authorization": "Bearer old"}, 'Bearer realm="omniline"'),
        ("calls", basic("agent-101", PHONE_KEY), 'Bearer realm="omniline"'),
    ],
)
async def test_who_is_not_let_in_is_told_what_would_be_taken(
    server: DeskServer, path: str, headers: dict[str, str], challenge: str
) -> None:
    async with (
        aiohttp.ClientSession(headers=headers) as client,
        client.get(f"{server.url}/api/v1/{path}") as answer,
    ):
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, challenge)


async def test_a_phone_with_a_wrong_key_is_slowed_down_and_nobody_beside_it(server: DeskServer) -> None:
    async with aiohttp.ClientSession(headers=basic("agent-101", "wrong")) as phone:
        client = Client(server, "101", phone)
        statuses = [(await client.ask("GET", "ringing"))[0] for _ in range(22)]
    assert statuses == [401] * 20 + [429] * 2
    async with aiohttp.ClientSession(headers=basic("agent-102", PHONE_KEY)) as phone:
        assert (await Client(server, "102", phone).get("ringing"))["items"] == []
    async with aiohttp.ClientSession() as browser:
        client = Client(server, "101", browser)
        assert (await client.ask("POST", "login", {"login": "101", "password": PASSWORD}))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "customers?limit=0", None, 422),
        ("GET", "customers?limit=x", None, 422),
        ("GET", "customers?colour=red", None, 422),
        ("GET", "customers?q=a&q=b", None, 422),
        ("GET", "customers?q=a&phone=1", None, 422),
        ("GET", "calls?before=%00", None, 422),
        ("GET", "calls?state=strange", None, 422),
        ("GET", "calls/../../etc/passwd", None, 404),
        ("GET", "calls/1", None, 404),
        ("DELETE", "calls", None, 405),
        ("POST", "login", {"login": "101"}, 422),
        ("POST", "login", {"login": "101", "password": "x" * 300_000}, 413),
        ("POST", "login", [], 422),
    ],
)
async def test_wrong_input_is_a_problem_that_says_so(
    server: DeskServer, method: str, path: str, body: Any, status: int
) -> None:
    async with logged_in(server, "101") as client:
        answered, problem = await client.ask(method, path, body)
    assert answered == status == problem["status"]
    assert problem["type"].startswith("urn:omniline:")
    assert problem["detail"]


async def test_an_address_finds_its_owner_however_it_is_written(server: DeskServer) -> None:
    customer = await server.add_customer("Оксана", "+380501110001")

    def add(connection: Connection) -> None:
        email = Identity("email", "oksana@xn--e1aybc.example")
        people.add_identity(connection, customer, email, evidence={}, at=utc_now())

    await server.db.write(add)
    async with logged_in(server, "101") as client:
        for query in (
            {"phone": "050 111 00 01"},
            {"phone": "+38 (050) 111-00-01"},
            {"email": " Oksana@ТЕСТ.example "},
            {"q": "окса"},
        ):
            (found,) = (await client.get("customers", **query))["items"]
            assert found["id"] == customer, query
        for query in ({"phone": "anonymous"}, {"phone": "101"}, {"email": "x"}, {"q": "нема"}):
            assert (await client.get("customers", **query))["items"] == [], query


async def test_a_note_with_a_key_is_written_once(server: DeskServer) -> None:
    customer = await server.add_customer("Оксана")
    async with logged_in(server, "101") as client:
        note = {"text": "Prefers mornings", "key": "k1"}
        status, first = await client.ask("POST", f"customers/{customer}/notes", note)
        assert status == 201
        assert await client.ask("POST", f"customers/{customer}/notes", note) == (201, first)
        await client.ask("POST", f"customers/{customer}/notes", {"text": "Prefers mornings"})
        timeline = (await client.get(f"customers/{customer}/timeline"))["items"]
        assert [entry["text"] for entry in timeline] == ["Prefers mornings"] * 2
        assert (await client.ask("POST", f"customers/{customer}/notes", {"text": "  "}))[0] == 422
        # Oldest last, by pages of one.
        page = await client.get(f"customers/{customer}/timeline", limit=1)
        (oldest,) = (await client.get(f"customers/{customer}/timeline", limit=1, before=page["next"]))[
            "items"
        ]
        assert oldest["id"] == first["id"]


async def test_search_finds_people_and_words_with_their_marks(server: DeskServer) -> None:
    customer = await server.add_customer("Оксана Шевченко")
    async with logged_in(server, "101") as client:
        for text in ("Передзвонити про замовлення", "Замовлень більше немає", "Шевченко дзвонила"):
            await client.ask("POST", f"customers/{customer}/notes", {"text": text})
        found = await client.get("search", q="шевчинко")
        (person,) = found["items"]
        assert (person["type"], person["customer"]["id"], person["entry"]) == ("customer", customer, None)
        assert [piece["text"] for piece in person["pieces"] if piece["hit"]] == ["Шевченко"]
        assert [hit["type"] for hit in (await client.get("search", q="шевченко"))["items"]] == [
            "customer",
            "entry",
        ]
        first = await client.get("search", q="замовлення", limit=1)
        second = await client.get("search", q="замовлення", limit=1, before=first["next"])
        hits = [*first["items"], *second["items"]]
        assert [hit["customer"]["id"] for hit in hits] == [customer] * 2
        assert [piece["text"] for hit in hits for piece in hit["pieces"] if piece["hit"]] == [
            "Замовлень",
            "замовлення",
        ]
        assert second["next"] is None
        for before in ("x", "1" * 19 + "9", "-", "9" * 19):
            assert (await client.ask("GET", f"search?q=a&before={before}"))[0] == 422


async def test_a_timeline_is_filtered(server: DeskServer) -> None:
    customer = await server.add_customer("Оксана")
    async with logged_in(server, "101") as client, logged_in(server, "102") as other:
        (_, mine), (_, theirs) = [
            await each.ask("POST", f"customers/{customer}/notes", {"text": "x"}) for each in (client, other)
        ]

        async def ids(**query: str) -> list[str]:
            return [
                entry["id"]
                for entry in (await client.get(f"customers/{customer}/timeline", **query))["items"]
            ]

        assert await ids(kind="note") == [theirs["id"], mine["id"]]
        assert await ids(kind="message") == await ids(channel="email") == []
        assert await ids(agent=mine["payload"]["agent_id"]) == [mine["id"]]
        assert await ids(since=theirs["at"]) == [theirs["id"]]
        assert await ids(until=theirs["at"], kind="note") == [mine["id"]]
        for query in ("kind=x", "since=yesterday", "since=2026-11-01T12:00:00"):
            assert (await client.ask("GET", f"customers/{customer}/timeline?{query}"))[0] == 422


async def test_readiness_names_what_is_missing(server: DeskServer) -> None:
    async with aiohttp.ClientSession() as http:
        for path in ("healthz", "readyz", "metrics"):
            async with http.get(f"{server.url}/{path}") as answer:
                assert answer.status == 200, path
        server.missing["ami"] = "not logged in"
        async with http.get(f"{server.url}/readyz") as answer:
            assert answer.status == 503
            assert "ami: not logged in" in (await answer.json(content_type=None))["detail"]


async def test_metrics_hold_stages_and_routes(server: DeskServer) -> None:
    async with logged_in(server, "101") as client:
        await client.follow()
        ScriptedCall(server.calls, "+380501110001").ring("101")
        await client.wait_for("screen_pop")
        async with client.http.get(f"{server.url}/metrics") as answer:
            text = await answer.text()
    assert 'omniline_pop_seconds_count{stage="pop_sent"} 1.0' in text
    assert "omniline_desks 1.0" in text
    assert 'route="/api/v1/login"' in text
    assert "380501110001" not in text


async def test_the_description_names_every_route(server: DeskServer) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{server.url}/api/v1/openapi.json") as answer,
    ):
        document = json.loads(await answer.text())
    described = {
        (method.upper(), path) for path, operations in document["paths"].items() for method in operations
    }
    assert described == {(route.method, route.plain_path) for route in ROUTES if route.media != "text/html"}
    schemas = document["components"]["schemas"]
    for reference in find_references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas, reference
    assert {"Card", "ScreenPop", "CallDetail", "Entry", "Problem"} <= schemas.keys()


def find_references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in find_references(value)]
    if isinstance(node, list):
        return [found for value in node for found in find_references(value)]
    return []


async def test_pages_come_with_a_strict_policy(server: DeskServer, tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{server.url}/") as answer:
            assert answer.status == 503
            assert "not built" in await answer.text()
        web = tmp_path / "web"
        (web / "assets").mkdir(parents=True)
        (web / "index.html").write_text("<!doctype html>the desk")
        (web / "assets/desk-ABCDEFGH.js").write_text("1")
        (web / "secret.txt").write_text("no")
        for path in ("/", "/login", "/customers/1", "/calls/1", "/components"):
            async with http.get(server.url + path) as answer:
                assert answer.status == 200
                assert "the desk" in await answer.text()
                policy = answer.headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'none'; script-src 'self';")
                assert "unsafe" not in policy
        async with http.get(f"{server.url}/assets/desk-ABCDEFGH.js") as answer:
            assert answer.status == 200
            assert "immutable" in answer.headers["Cache-Control"]
        for path in ("/assets/..%2fsecret.txt", "/assets/none.js", "/secret.txt"):
            async with http.get(f"{server.url}{path}") as answer:
                assert answer.status == 404, path

"""The site's chat: what a visitor's browser sends and is told, who may, how it goes on after a break and on another device."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from sqlalchemy import Connection, func, select

from bridge.channels.chat import cursor
from bridge.channels.chat.files import LARGEST
from bridge.channels.chat.tokens import Keys
from bridge.domain.customer import Identity, Strength
from bridge.domain.entry import Entry
from bridge.domain.ids import new_id
from bridge.domain.merge import SuggestionState
from bridge.domain.times import utc_now
from bridge.errors import Transient
from bridge.flows.sign_in_visitor import CODE_LIVES, MOST_TRIES
from bridge.store import people, suggestions
from bridge.store.people import NewCustomer
from bridge.store.schema import arrival, customer, visitor
from tests.contract.channel_cases import SHOP, order
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.desk_server import HOOK_SECRET, SITE, eventually

OLENA = "olena@example.org"


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


@dataclass
class Browser:
    """One browser with the widget in it, on a page of the company's site."""

    running: ChannelServer
    http: aiohttp.ClientSession
    origin: str = SITE
    token: str = ""
    opened: dict[str, Any] = field(default_factory=dict)
    cursor: str = ""
    texts: list[str] = field(default_factory=list)

    async def post(self, name: str, body: Any, **headers: str) -> tuple[int, Any]:
        given = {"Origin": self.origin, "Authorization": f"Bearer {self.token}", **headers}
        where = f"{self.running.server.url}/chat/site/{name}"
        async with self.http.post(where, json=body, headers=given) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def open(self, **more: str) -> Browser:
        status, self.opened = await self.post("open", {"token": self.token, **more})
        assert status == 200, self.opened
        self.token, self.cursor = self.opened["token"], self.opened["cursor"]
        self.texts = [line["text"] for line in self.opened["lines"]]
        return self

    async def write(self, text: str, key: str = "", **more: Any) -> int:
        status, _ = await self.post("messages", {"key": key or uuid.uuid4().hex, "text": text, **more})
        return status

    async def poll(self) -> None:
        status, update = await self.post("poll", {"cursor": self.cursor, "there": self.opened["there"]})
        assert status in (200, 204), update
        if update:
            self.cursor = update["cursor"]
            self.texts += [line["text"] for line in update.get("lines", ())]

    async def see(self, *texts: str) -> None:
        async with asyncio.timeout(60):
            while len(self.texts) < len(texts):
                await self.poll()
        assert self.texts == list(texts)

    @property
    def visitor(self) -> str:
        return Keys(HOOK_SECRET).read_visitor(self.token)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def browser(running: ChannelServer, http: aiohttp.ClientSession) -> Browser:
    return await Browser(running, http).open()


async def entry_of(browser: Browser, text: str, **more: Any) -> Entry:
    """The newest entry after writing `text`."""
    assert await browser.write(text, **more) == 204
    return (await browser.running.read())[-1]


async def answer(browser: Browser, text: str) -> None:
    (first, *_) = await browser.running.read()
    await answer_in(browser.running, first, text)


async def answer_in(running: ChannelServer, entry: Entry, text: str) -> None:
    body = {"text": text, "key": text}
    status, _ = await running.desk.ask("POST", f"conversations/{entry.conversation_id}/messages", body)
    assert status == 201


async def count(running: ChannelServer, table: Any) -> int:
    return await running.server.db.read(lambda c: c.scalar(select(func.count()).select_from(table)) or 0)


async def states(running: ChannelServer) -> list[str]:
    return [entry.delivery.state.value for entry in await running.read() if entry.delivery]


async def test_a_visitor_writes_the_agent_answers_and_both_are_there_after_a_reload(browser: Browser) -> None:
    entry = await entry_of(browser, "Do you ship to Lviv?")
    assert (entry.channel, entry.direction, entry.text) == ("chat", "inbound", "Do you ship to Lviv?")
    assert entry.author.startswith("Visitor ")
    await answer(browser, "We do.")
    await browser.see("Do you ship to Lviv?", "We do.")
    again = await Browser(browser.running, browser.http, token=browser.token).open()
    assert again.texts == ["Do you ship to Lviv?", "We do."]
    assert [line["author"] for line in again.opened["lines"]] == ["", "Agent 101"]


async def test_who_writes_nothing_is_nobody(browser: Browser) -> None:
    assert await count(browser.running, customer) == 0
    await entry_of(browser, "hello")
    assert await count(browser.running, customer) == 1
    assert await count(browser.running, visitor) == 0


async def test_a_message_that_is_sent_again_is_one_message(browser: Browser) -> None:
    sent = await asyncio.gather(*(browser.write("once", "the-key") for _ in range(5)))
    assert set(sent) == {204}
    assert [entry.text for entry in await browser.running.read()] == ["once"]
    await browser.see("once")


async def test_where_it_was_written_and_about_what_is_told_to_the_agent(browser: Browser) -> None:
    context = {"page_url": "https://shop.example/kettle", "page_title": "Чайник", "cart": "C-17"}
    entry = await entry_of(browser, "Is it blue?", context={**context, "language": "en", "other": "x"})
    assert entry.payload["context"] == {**context, "language": "en"}


async def test_what_was_delivered_and_read_is_said_by_the_browser(browser: Browser) -> None:
    await entry_of(browser, "hello")
    await answer(browser, "one")
    await answer(browser, "two")
    await browser.see("hello", "one", "two")

    async def sent() -> bool:
        return await states(browser.running) == ["sent", "sent"]

    await eventually(sent)
    (_, first, second) = (entry.id for entry in await browser.running.read())
    assert (await browser.post("reached", {"delivered": second, "read": first}))[0] == 204
    assert await states(browser.running) == ["read", "delivered"]
    assert (await browser.post("reached", {"delivered": second}))[0] == 204
    assert await states(browser.running) == ["read", "delivered"]
    stranger = await Browser(browser.running, browser.http).open()
    assert (await stranger.post("reached", {"read": second}))[0] == 204
    assert await states(browser.running) == ["read", "delivered"]


async def test_over_the_websocket_answers_come_at_once_and_go_on_from_the_cursor(browser: Browser) -> None:
    await entry_of(browser, "hello")
    address = f"{browser.running.server.url}/chat/site/socket"
    async with browser.http.ws_connect(address, headers={"Origin": SITE}) as socket:
        await socket.send_json({"token": browser.token, "cursor": browser.cursor})
        first = await socket.receive_json(timeout=10)
        assert [line["text"] for line in first["lines"]] == ["hello"]
        await answer(browser, "good day")
        update = await socket.receive_json(timeout=10)
        assert [line["text"] for line in update["lines"]] == ["good day"]
    await answer(browser, "missed")
    async with browser.http.ws_connect(address, headers={"Origin": SITE}) as socket:
        await socket.send_json({"token": browser.token, "cursor": update["cursor"]})
        missed = await socket.receive_json(timeout=10)
        assert [line["text"] for line in missed["lines"]] == ["missed"]


async def test_nothing_is_missed_or_given_twice_however_often_the_connection_changes(
    browser: Browser,
) -> None:
    await entry_of(browser, "in 0")
    wanted = ["in 0"]
    for number in range(1, 8):
        await answer(browser, f"out {number}")
        wanted.append(f"out {number}")
        if number % 3 == 0:
            await entry_of(browser, f"in {number}")
            wanted.append(f"in {number}")
        if number % 2:
            await browser.see(*wanted)
    await browser.see(*wanted)


async def test_both_see_that_the_other_writes_and_nothing_of_it_is_kept(browser: Browser) -> None:
    entry = await entry_of(browser, "hello")
    await browser.see("hello")
    await browser.running.desk.follow()
    await browser.open()
    waiting = asyncio.create_task(
        browser.post("poll", {"cursor": browser.cursor, "there": browser.opened["there"]})
    )
    assert (await browser.post("typing", {}))[0] == 204

    def told() -> bool:
        said = {"code": "typing", "conversation_id": entry.conversation_id}
        return said in [each["data"] for each in browser.running.desk.of_type("notice")]

    await eventually(told)

    async def seen() -> bool:
        await browser.running.desk.ask("POST", f"conversations/{entry.conversation_id}/typing", {})
        return waiting.done()

    await eventually(seen)
    assert waiting.result()[1]["typing"] == "Agent 101"
    assert len(await browser.running.read()) == 1


async def test_whether_anybody_is_there_is_told(browser: Browser) -> None:
    assert browser.opened["there"] is False
    waiting = asyncio.create_task(browser.post("poll", {"cursor": "", "there": False}))
    await browser.running.desk.follow()
    status, update = await asyncio.wait_for(waiting, 60)
    assert (status, update["there"]) == (200, True)


async def sign_in(browser: Browser, email: str = OLENA) -> None:
    letters = browser.running.server.letters
    status, problem = await browser.post("code", {"email": email.upper(), "language": "uk"})
    assert status == 204, problem
    (address, code, language) = letters.sent[-1]
    assert (address, language) == (email, "uk")
    status, signed = await browser.post("sign_in", {"code": code})
    assert status == 200, signed
    browser.token = signed["token"]
    await browser.open()
    assert browser.opened["email"] == email


async def test_after_the_code_a_second_device_has_the_messages_of_the_first(browser: Browser) -> None:
    first = await entry_of(browser, "from the phone")
    await sign_in(browser)
    other = await Browser(browser.running, browser.http).open()
    assert other.texts == []
    await sign_in(other)
    assert other.texts == ["from the phone"]
    second = await entry_of(other, "from the laptop")
    assert (second.customer_id, second.conversation_id) == (first.customer_id, first.conversation_id)
    await browser.see("from the phone", "from the laptop")
    owner = await browser.running.server.db.read(people.find_owner, "email", OLENA)
    assert owner is not None
    assert (owner.canonical_id, owner.strength) == (first.customer_id, Strength.PROVEN)


async def give_email(running: ChannelServer, source: str, strength: Strength = Strength.CLAIMED) -> str:
    def give(connection: Connection) -> str:
        known = people.make_customer(connection, NewCustomer(name="Олена"), utc_now())
        evidence = {"source": source, "reason": "import"}
        people.add_identity(
            connection, known, Identity("email", OLENA, strength=strength), evidence=evidence, at=utc_now()
        )
        return known

    return await running.server.db.write(give)


async def open_suggestions(running: ChannelServer) -> int:
    def read(connection: Connection) -> int:
        return len(suggestions.list_suggestions(connection, state=SuggestionState.OPEN, limit=10)[0])

    return await running.server.db.read(read)


async def test_who_signs_in_before_writing_is_whoever_has_the_address(browser: Browser) -> None:
    known = await give_email(browser.running, "import")
    await sign_in(browser)
    assert (await entry_of(browser, "it is me")).customer_id == known
    assert await open_suggestions(browser.running) == 0


async def test_who_wrote_before_signing_in_is_suggested(browser: Browser) -> None:
    known = await give_email(browser.running, "import")
    entry = await entry_of(browser, "hello")
    await sign_in(browser)
    assert entry.customer_id != known
    assert await open_suggestions(browser.running) == 1


async def test_an_address_that_was_only_said_in_a_chat_makes_nobody_its_owner(
    browser: Browser, http: aiohttp.ClientSession
) -> None:
    liar = await Browser(browser.running, http).open()
    lie = await entry_of(liar, "answer me there", email=OLENA)
    owner = await browser.running.server.db.read(people.find_owner, "email", OLENA)
    assert owner is not None and owner.strength is Strength.CLAIMED
    await sign_in(browser)
    assert browser.texts == []
    entry = await entry_of(browser, "it is me")
    assert entry.customer_id != lie.customer_id
    assert await open_suggestions(browser.running) == 1
    await liar.open()
    assert liar.texts == ["answer me there"]


async def test_a_code_is_good_once_for_ten_minutes_and_five_tries(browser: Browser) -> None:
    server = browser.running.server
    assert (await browser.post("sign_in", {"code": "123456"}))[0] == 409
    await browser.post("code", {"email": OLENA})
    code = server.letters.sent[-1][1]
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(MOST_TRIES):
        assert (await browser.post("sign_in", {"code": wrong}))[0] == 403
    assert (await browser.post("sign_in", {"code": code}))[0] == 409
    server.clock.seconds += 3600
    await browser.post("code", {"email": OLENA})
    code = server.letters.sent[-1][1]
    other = await Browser(browser.running, browser.http).open()
    assert (await other.post("sign_in", {"code": code}))[0] == 409
    server.clock.ahead += CODE_LIVES + timedelta(seconds=1)
    assert (await browser.post("sign_in", {"code": code}))[0] == 409
    server.clock.seconds += 3600
    await browser.post("code", {"email": OLENA})
    code = server.letters.sent[-1][1]
    assert (await browser.post("sign_in", {"code": code}))[0] == 200
    assert (await browser.post("sign_in", {"code": code}))[0] == 409


async def test_nobodys_letter_box_is_filled(browser: Browser) -> None:
    for _ in range(3):
        assert (await browser.post("code", {"email": OLENA}))[0] == 204
    other = await Browser(browser.running, browser.http).open()
    assert (await other.post("code", {"email": OLENA}))[0] == 429
    assert len(browser.running.server.letters.sent) == 3
    browser.running.server.letters.fault = Transient("no mail now")
    browser.running.server.clock.seconds += 3600
    assert (await browser.post("code", {"email": OLENA}))[0] == 503
    assert (await browser.post("code", {"email": "no address"}))[0] == 422


async def test_an_agent_writes_first_to_who_has_signed_in_and_to_nobody_else(browser: Browser) -> None:
    desk = browser.running.desk
    stranger = await Browser(browser.running, browser.http).open()
    unknown = await entry_of(stranger, "hello")
    ways = await desk.get(f"customers/{unknown.customer_id}/ways")
    assert [each["channel"] for each in ways["items"]] == []
    assert ("chat", "not_signed_in") in [(each["channel"], each["reason"]) for each in ways["closed"]]
    await sign_in(browser)
    entry = await entry_of(browser, "hello")
    other = await Browser(browser.running, browser.http).open()
    await sign_in(other)
    (way,) = [
        each
        for each in (await desk.get(f"customers/{entry.customer_id}/ways"))["items"]
        if each["channel"] == "chat"
    ]
    path = f"customers/{entry.customer_id}/conversations"
    await desk.ask("POST", f"conversations/{entry.conversation_id}/state", {"state": "resolved"})
    status, begun = await desk.ask("POST", path, {"key": "k", "way": way, "text": "The kettle is here."})
    assert (status, begun["conversation_id"]) == (201, entry.conversation_id), begun
    await browser.see("hello", "The kettle is here.")
    await other.see("hello", "The kettle is here.")


def signed(user: str, secret: str = HOOK_SECRET) -> dict[str, str]:
    return {"user": user, "signature": hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest()}


async def test_the_site_says_who_its_user_is(browser: Browser, http: aiohttp.ClientSession) -> None:
    user = json.dumps({"id": "42", "email": OLENA, "name": "Олена"})
    await browser.open(**signed(user))
    entry = await entry_of(browser, "hello")
    assert entry.author == "Олена"
    other = await Browser(browser.running, http).open(**signed(user))
    assert other.texts == ["hello"]
    before = other.token
    await other.open(**signed(json.dumps({"id": "43"})))
    assert (other.token != before, other.texts) == (True, [])
    forged = {"token": "", **signed(user, "another")}
    assert (await other.post("open", forged))[0] == 403
    assert (await other.post("open", {**forged, "signature": "é"}))[0] == 403


async def keep_file(browser: Browser, data: bytes, name: str) -> tuple[int, Any]:
    headers = {"Origin": SITE, "Authorization": f"Bearer {browser.token}", "X-File-Name": quote(name)}
    where = f"{browser.running.server.url}/chat/site/files"
    async with browser.http.post(where, data=data, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def read_file(browser: Browser, file_id: str) -> tuple[int, bytes, str]:
    headers = {"Origin": SITE, "Authorization": f"Bearer {browser.token}"}
    where = f"{browser.running.server.url}/chat/site/files/{file_id}"
    async with browser.http.get(where, headers=headers) as answer:
        return answer.status, await answer.read(), answer.headers.get("Content-Disposition", "")


async def test_files_go_both_ways_and_to_nobody_else(browser: Browser, http: aiohttp.ClientSession) -> None:
    status, kept = await keep_file(browser, b"<script>", "../../звіт\u202egpj.html")
    assert (status, kept["media_type"], kept["size"]) == (200, "text/plain", 8)
    entry = await entry_of(browser, "", files=[kept["token"]])
    (file,) = entry.payload["attachments"]
    assert file["name"] == "звіт_gpj.html"
    desk = browser.running.desk
    async with desk.http.get(f"{desk.server.url}/api/v1/attachments/{file['id']}") as got:
        assert await got.read() == b"<script>"
    await browser.open()
    assert [line["files"][0]["id"] for line in browser.opened["lines"]] == [file["id"]]
    status, data, disposition = await read_file(browser, file["id"])
    assert (status, data) == (200, b"<script>")
    assert disposition.startswith("attachment;")
    own_page = {"Sec-Fetch-Site": "same-origin", "Authorization": f"Bearer {browser.token}"}
    where = f"{desk.server.url}/chat/site/files/{file['id']}"
    async with browser.http.get(where, headers=own_page) as from_demo:
        assert from_demo.status == 200
    async with browser.http.get(where, headers={**own_page, "Sec-Fetch-Site": "cross-site"}) as foreign:
        assert foreign.status == 403
    other = await Browser(browser.running, http).open()
    assert (await read_file(other, file["id"]))[0] == 404
    assert (await read_file(browser, new_id()))[0] == 404
    assert await other.write("not mine", files=[kept["token"]]) == 403
    assert await other.write("no token", files=["x"]) == 403


async def test_a_file_that_is_empty_or_too_large_is_not_kept(browser: Browser) -> None:
    assert (await keep_file(browser, b"", "a"))[0] == 422
    assert (await keep_file(browser, b"x" * (LARGEST + 1), "a"))[0] == 413
    assert (await keep_file(browser, b"x" * LARGEST, ""))[1]["name"] == "file"


async def test_the_order_before_a_known_visitor_brings_its_matter_along(browser: Browser) -> None:
    running = browser.running
    assert await running.send(SHOP, order("1043", "unpaid")) == 200
    (bought,) = await running.read()
    await sign_in(browser)
    entry = await entry_of(browser, "Good day")
    assert entry.customer_id == bought.customer_id
    await answer_in(running, entry, "How can I help?")
    await entry_of(browser, "When does it come?", context={"order": "1043"})
    customer_ = await running.desk.get(f"customers/{entry.customer_id}")
    (matter,) = customer_["matters"]
    assert {link["thing"] for link in matter["links"]} == {"order", "conversation"}


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 64, "Bearer", "=" * 64])
async def test_a_forged_token_opens_nothing(browser: Browser, token: str) -> None:
    own = browser.token
    browser.token = token.encode("utf-8").decode("latin-1")
    for name, body in (
        ("messages", {"key": "k", "text": "x"}),
        ("poll", {}),
        ("reached", {}),
        ("typing", {}),
        ("earlier", {"before": new_id()}),
        ("code", {"email": OLENA}),
        ("sign_in", {"code": "123456"}),
    ):
        assert (await browser.post(name, body))[0] == 403, name
    browser.token = Keys("another").sign_visitor(new_id())
    assert await browser.write("x") == 403
    browser.token = own[:-4] + "AAA="
    assert await browser.write("x") == 403
    assert await count(browser.running, arrival) == 0


async def test_only_the_sites_of_the_inbox_may(browser: Browser) -> None:
    for origin in ("https://evil.example", "null", "", "https://shop.example.evil", "http://shop.example"):
        browser.origin = origin
        status, _ = await browser.post("open", {})
        assert status == 403, origin
        address = f"{browser.running.server.url}/chat/site/socket"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await browser.http.ws_connect(address, headers={"Origin": origin})
    browser.origin = browser.running.server.url
    assert (await browser.post("open", {}))[0] == 200
    async with browser.http.options(
        f"{browser.running.server.url}/chat/site/open", headers={"Origin": SITE}
    ) as allowed:
        assert allowed.headers["Access-Control-Allow-Origin"] == SITE
        assert allowed.headers["Vary"] == "Origin"
    async with browser.http.post(f"{browser.running.server.url}/chat/other/open", json={}) as unknown:
        assert unknown.status == 404


async def test_hostile_texts_are_texts(browser: Browser) -> None:
    texts = ["<script>alert(1)</script>", "\u202etxt.exe", "a\x00b", "x" * 20_000, "👍" * 300]
    for text in texts:
        assert await browser.write(text) == 204
    kept = [text.replace("\x00", "\ufffd") for text in texts]
    await browser.see(*kept)
    assert [entry.text for entry in await browser.running.read()] == kept


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"key": "k", "text": "x" * 100_000}, 422),
        ({"key": "k", "text": "x" * 1_000_000}, 413),
        ({"key": "k", "text": "  \n "}, 422),
        ({"key": "a/b", "text": "x"}, 422),
        ({"key": "", "text": "x"}, 422),
        ({"key": "k", "text": 1}, 422),
        ({"key": "k", "text": "x", "email": "no address"}, 422),
        ({"key": "k", "text": "x", "context": {"cart": "c" * 301}}, 422),
        ([], 422),
    ],
)
async def test_what_is_no_message_is_refused(browser: Browser, body: Any, status: int) -> None:
    assert (await browser.post("messages", body))[0] == status
    assert await count(browser.running, arrival) == 0


async def test_a_flood_is_slowed_down_and_loses_nothing_of_others(
    browser: Browser, http: aiohttp.ClientSession
) -> None:
    sent = await asyncio.gather(*(browser.write(f"{n}") for n in range(60)))
    assert sent.count(429) == 40
    other = await Browser(browser.running, http).open()
    assert await other.write("mine") == 204
    browser.running.server.clock.seconds += 2
    assert await browser.write("later") == 204
    assert len(await browser.running.read()) == 22
    seen = [await Browser(browser.running, http).post("open", {}) for _ in range(80)]
    assert {status for status, _ in seen} == {200, 429}


async def test_a_visitor_has_few_connections(browser: Browser, http: aiohttp.ClientSession) -> None:
    address = f"{browser.running.server.url}/chat/site/socket"
    sockets = [await http.ws_connect(address, headers={"Origin": SITE}) for _ in range(10)]
    for socket in sockets:
        await socket.send_json({"token": browser.token})
    kinds = [(await socket.receive(timeout=10)).type for socket in sockets]
    assert kinds.count(aiohttp.WSMsgType.TEXT) == 8
    for socket in sockets:
        await socket.close()


@pytest.mark.parametrize("hello", ["", "{}", "x", '{"token": "x"}', '{"token": 1}'])
async def test_a_socket_that_says_nothing_right_is_closed(browser: Browser, hello: str) -> None:
    address = f"{browser.running.server.url}/chat/site/socket"
    async with browser.http.ws_connect(address, headers={"Origin": SITE}) as socket:
        await socket.send_str(hello)
        assert (await socket.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4403


def test_a_cursor_has_what_may_still_be_overtaken() -> None:
    ids = [f"{n:08x}-0000-7000-8000-000000000000" for n in (1, 2, 3)]
    assert cursor.advance((), ids) == (ids[2],)
    near = [f"00000003-{n:04x}-7000-8000-000000000000" for n in (1, 2)]
    assert cursor.advance((ids[2],), near) == (ids[2], *near)
    assert cursor.parse(cursor.text_of(near)) == tuple(near)
    assert cursor.start_of(()) == "00000000-0000-0000-0000-000000000000"

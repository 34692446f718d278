"""The desk's WebSocket: nothing missed and nothing twice, and one desk that does not read costs the others nothing."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Connection

from bridge.desk import live
from bridge.domain.live import EVERYONE, LiveMessage, topic_of_agent, topic_of_role
from bridge.domain.ports import Bus, Subject
from bridge.domain.times import iso, utc_now
from bridge.store import feed
from bridge.store.watch import find_last_watched
from pbx.interface import Outcome, WatchGap, WithdrawReason
from tests.contract.desk_server import Client, DeskServer, eventually, logged_in, serving
from tests.fakes.scripted_call import ScriptedCall


@pytest.fixture
async def server(url: str, bus: Bus, tmp_path: Path) -> AsyncIterator[DeskServer]:
    async with serving(url, tmp_path, bus=bus) as running:
        yield running


@pytest.fixture
async def client(server: DeskServer) -> AsyncIterator[Client]:
    async with logged_in(server, "101") as found:
        yield found


async def append(server: DeskServer, *numbers: int, topic: str = EVERYONE) -> None:
    for number in numbers:
        await server.db.write(feed.append, "entry", topic, {"n": number}, utc_now())
    server.bus.tell(Subject.FEED)


async def numbered(server: DeskServer, newest: int) -> None:
    """The relay has got as far as that."""

    async def probe() -> bool:
        return (await server.db.read(feed.bounds))[1] == newest

    await eventually(probe)


def seen(client: Client) -> list[int]:
    return [message["data"]["n"] for message in client.of_type("entry")]


async def test_a_desk_that_comes_back_misses_nothing_and_gets_nothing_twice(
    server: DeskServer, client: Client
) -> None:
    await client.follow()
    (hello,) = client.of_type("notice")
    assert hello["data"]["code"] == "hello"
    await append(server, *range(10))
    await client.wait_for("entry", 10)
    cursor = client.of_type("entry")[-1]["cursor"]
    await client.leave()
    await append(server, *range(10, 500))
    writing = asyncio.create_task(append(server, *range(500, 1000)))
    await client.follow(after=cursor)
    await writing
    await client.wait_for("entry", 1000)
    assert seen(client) == list(range(1000))
    cursors = [int(message["cursor"]) for message in client.of_type("entry")]
    assert cursors == sorted(set(cursors))


@pytest.mark.fault
async def test_a_desk_that_is_cut_off_again_and_again_misses_nothing_and_gets_nothing_twice(
    server: DeskServer, client: Client, chance: random.Random
) -> None:
    await client.follow()
    breaks = set(chance.sample(range(200), 5))
    for number in range(200):
        await append(server, number)
        if number in breaks:
            await client.leave()
            cursor = max((message["cursor"] for message in client.of_type("entry")), key=int, default="0")
            await client.follow(after=cursor)
    await client.wait_for("entry", 200)
    assert seen(client) == list(range(200))


async def test_what_is_published_while_a_desk_catches_up_comes_once(
    server: DeskServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught_up, go_on = threading.Event(), threading.Event()
    read_after = feed.read_after

    def read_and_wait(connection: Connection, after: int, most: int) -> list[feed.FeedRow]:
        rows = read_after(connection, after, most)
        if not rows and most == live.PAGE and not caught_up.is_set():
            caught_up.set()
            go_on.wait(5)
        return rows

    monkeypatch.setattr(feed, "read_after", read_and_wait)
    await append(server, 1)
    await numbered(server, 1)
    await client.follow(after="0")
    await asyncio.to_thread(caught_up.wait, 5)
    await append(server, 2)
    await numbered(server, 2)
    (published,) = await server.db.read(read_after, 1, 10)
    go_on.set()
    await client.wait_for("entry", 2)
    # The relay may come to it only now: the desk has read it from the database already.
    server.hub.publish([published])
    await append(server, 3)
    await client.wait_for("entry", 3)
    assert seen(client) == [1, 2, 3]


async def test_a_new_desk_starts_with_now(server: DeskServer, client: Client) -> None:
    await append(server, 1)
    await numbered(server, 1)
    await client.follow()
    await append(server, 2)
    await client.wait_for("entry")
    assert seen(client) == [2]


@pytest.mark.parametrize("after", ["1", "999999", "x", "-1", "٣"])
async def test_a_cursor_that_is_not_kept_means_reload(server: DeskServer, client: Client, after: str) -> None:
    await append(server, 1, 2, 3)
    await numbered(server, 3)
    assert await server.db.write(feed.prune, utc_now() + timedelta(days=1)) == 2
    await client.follow(after=after)
    await eventually(lambda: len(client.of_type("notice")) == 2)
    assert client.of_type("notice")[1]["data"] == {"code": "reload", "cursor": "3"}
    await append(server, 4)
    await client.wait_for("entry")
    assert seen(client) == [4]


async def test_topics_name_who_may_see(server: DeskServer, client: Client) -> None:
    async with logged_in(server, "103") as supervisor:
        await client.follow()
        await supervisor.follow()
        await append(server, 1, topic=topic_of_agent(server.agents["101"].id))
        await append(server, 2, topic=topic_of_role(server.agents["103"].role))
        await append(server, 3, topic=topic_of_role(server.agents["admin"].role))
        await append(server, 4)
        await eventually(lambda: 4 in seen(client) and 4 in seen(supervisor))
        assert seen(client) == [1, 4]
        assert seen(supervisor) == [2, 4]


async def test_agents_see_their_own_state_and_supervisors_all(server: DeskServer, client: Client) -> None:
    async with logged_in(server, "103") as supervisor:
        await supervisor.follow()
        await client.follow()
        states = await supervisor.wait_for("agent_state", 2)
        assert {message["data"]["extension"] for message in states} == {"101", "103"}
        own = client.of_type("agent_state")
        assert {message["data"]["extension"] for message in own} == {"101"}


async def test_a_desk_that_connects_while_it_rings_is_told(server: DeskServer, client: Client) -> None:
    ScriptedCall(server.calls, "+380501110001").ring("101")
    async with logged_in(server, "102") as other:
        await eventually(lambda: server.calls.pops.list_ringing("101"))
        await client.follow()
        await other.follow()
        (pop,) = await client.wait_for("screen_pop")
        assert other.of_type("screen_pop") == []
        await say_shown(other, pop["id"])

    async def stages() -> list[str]:
        await server.settle()
        found = (await client.get(f"calls/{pop['data']['call_id']}"))["stages"]
        return sorted(s["stage"] for s in found if s["stage"].startswith("pop"))

    # The other one has left, so that what it said was heard.
    await eventually(lambda: len(server.hub) == 1)
    assert await stages() == ["pop_sent"]
    await say_shown(client, pop["id"])

    async def shown() -> bool:
        return await stages() == ["pop_sent", "pop_shown"]

    await eventually(shown)


async def say_shown(client: Client, pop_id: str) -> None:
    """Among things that no desk says."""
    assert client.socket is not None
    for text in ("not json", "[]", '{"type": "other"}', "\u20ac" * 1000):
        await client.socket.send_str(text)
    await client.socket.send_bytes(b"\xff")
    await client.socket.send_json({"type": "screen_pop_shown", "id": pop_id})


async def test_logging_out_closes_the_desks_of_that_session(server: DeskServer, client: Client) -> None:
    await client.follow()
    assert (await client.ask("POST", "logout"))[0] == 204
    await eventually(lambda: client.socket is not None and client.socket.closed)
    await eventually(lambda: len(server.hub) == 0)


async def test_a_desk_that_does_not_read_is_cut_off(
    server: DeskServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STALL_SECONDS", 600.0)
    async with logged_in(server, "102") as reader:
        await reader.follow()
        stalled = await connect_without_reading(server, client.token)
        await eventually(lambda: len(server.hub) == 2)
        (victim,) = [c for c in server.hub._clients if c.session.agent.login == "101"]
        message = LiveMessage(type="call", id="x", at=iso(utc_now()), data={"text": "x" * 4000})
        sent = 0
        while len(server.hub) == 2:
            assert sent * 4000 < 16 * live.QUEUE_LIMIT
            server.hub.emit((EVERYONE,), message)
            sent += 1
            assert victim._queued <= live.QUEUE_LIMIT
            await asyncio.sleep(0.001)
        await reader.wait_for("call", sent)
        stalled.close()


async def test_a_stalled_desk_is_noticed_without_a_full_queue(
    server: DeskServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STALL_SECONDS", 0.2)
    message = LiveMessage(type="call", id="x", at=iso(utc_now()), data={"text": "x" * 4000})

    async def notice() -> float:
        """Seconds."""
        stalled = await connect_without_reading(server, client.token)
        await eventually(lambda: len(server.hub) == 1)
        (victim,) = server.hub._clients
        while victim.waiting_since is None:
            for _ in range(20):
                server.hub.emit((EVERYONE,), message)
            await asyncio.sleep(0.01)
        began = time.monotonic()
        await eventually(lambda: len(server.hub) == 0)
        stalled.close()
        return time.monotonic() - began

    # The quickest: this machine may stop meanwhile.
    assert min([await notice() for _ in range(3)]) < live.STALL_SECONDS + 1.0


async def test_the_server_does_not_wait_for_a_desk_that_does_not_read(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path) as server, logged_in(server, "101") as client:
        stalled = await connect_without_reading(server, client.token)
        await eventually(lambda: len(server.hub) == 1)
        message = LiveMessage(type="call", id="x", at=iso(utc_now()), data={"text": "x" * 300_000})
        server.hub.emit((EVERYONE,), message)
        server.hub.emit((EVERYONE,), message)
        async with asyncio.timeout(8):
            await server.hub.close()
        await eventually(lambda: len(server.hub) == 0)
        stalled.close()


async def connect_without_reading(server: DeskServer, token: str) -> socket.socket:
    """A WebSocket whose other end never reads (RFC 6455, section 4.1)."""
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, (host, port))
    request = (
        f"GET /api/v1/live HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    )
    await loop.sock_sendall(connection, request.encode())
    return connection


async def test_a_wrap_up_ends_by_itself_and_asterisk_hears_of_it_late(url: str, tmp_path: Path) -> None:
    async with (
        serving(url, tmp_path, wrap_up_seconds=0.2) as server,
        logged_in(server, "101") as client,
    ):
        await client.follow()
        await eventually(lambda: server.control.paused.get("101") is False)
        server.control.away = True
        ScriptedCall(server.calls, "+380501110001").talk("101")
        await eventually(lambda: "wrap_up" in [m["data"]["state"] for m in client.of_type("agent_state")])
        server.control.away = False
        await eventually(lambda: client.of_type("agent_state")[-1]["data"]["state"] == "available")
        await eventually(lambda: server.control.paused["101"] is False)
        await server.settle()
        (unfinished,) = (await client.get("me"))["unfinished"]
        assert unfinished["outcome"] == "answered"


async def test_after_a_restart_open_calls_go_on_and_drafts_are_there(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path) as server, logged_in(server, "101") as client:
        customer = await server.add_customer("Оксана", "+380501110001")
        call = ScriptedCall(server.calls, "+380501110001")
        call.ring("101", customer_id=customer)
        call.answered("101")
        await server.settle()
        (summary,) = (await client.get("calls", state="open"))["items"]
        await client.ask("PUT", f"calls/{summary['id']}/note", {"text": "half a sen", "rev": 3})
    async with serving(url, tmp_path) as server, logged_in(server, "101") as client:
        (state,) = [
            line for line in (await client_as(server, "103", "agents"))["items"] if line["extension"] == "101"
        ]
        assert (state["state"], state["call_id"]) == ("in_call", summary["id"])
        call.sink = server.calls
        call.left("101")
        await server.settle()
        (unfinished,) = (await client.get("me"))["unfinished"]
        assert unfinished["id"] == summary["id"]
        assert unfinished["draft"]["text"] == "half a sen"
        status, problem = await client.ask("PUT", f"calls/{summary['id']}/note", {"text": "old", "rev": 3})
        assert status == 409, problem


async def test_after_a_restart_a_wrap_up_goes_on_until_it_is_done(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path) as server, logged_in(server, "101") as client:
        await client.follow()
        await client.wait_for("agent_state")
        for extension, caller in (("101", "+380501110001"), ("102", "+380501110002")):
            ScriptedCall(server.calls, caller).talk(extension)
        await server.settle()
        call_id = (await client.get("me"))["unfinished"][0]["id"]
        await client.ask("PUT", f"calls/{call_id}/note", {"text": "half a sen", "rev": 1})
    async with serving(url, tmp_path) as server, logged_in(server, "101") as client:
        # 102 had no desk open, and nothing to wrap up with.
        await eventually(lambda: server.control.paused == {"101": True, "102": False, "103": False})
        await client.follow()
        (state,) = await client.wait_for("agent_state")
        assert (state["data"]["state"], state["data"]["call_id"]) == ("wrap_up", call_id)
        (unfinished,) = (await client.get("me"))["unfinished"]
        assert unfinished["draft"]["text"] == "half a sen"
        await client.ask("POST", f"calls/{call_id}/wrap_up", {"disposition": "resolved"})
        await eventually(lambda: not server.control.paused["101"])
        await eventually(lambda: client.of_type("agent_state")[-1]["data"]["state"] == "available")
    async with serving(url, tmp_path) as server:
        await eventually(lambda: server.control.paused == dict.fromkeys(("101", "102", "103"), False))


async def test_after_a_restart_a_wrap_up_ends_when_it_would_have(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path, wrap_up_seconds=1) as server, logged_in(server, "101") as client:
        await client.follow()
        await client.wait_for("agent_state")
        ScriptedCall(server.calls, "+380501110001").talk("101")
        await server.settle()
    async with serving(url, tmp_path, wrap_up_seconds=60) as server:
        await eventually(lambda: server.control.paused.get("101") is False)


async def test_after_a_restart_what_rings_is_shown_again(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path) as server:
        call = ScriptedCall(server.calls, "+380501110001")
        call.ring("101", "102")
        call.withdrawn("102", WithdrawReason.REJECTED)
        await server.settle()
    async with (
        serving(url, tmp_path) as server,
        logged_in(server, "101") as client,
        logged_in(server, "102") as other,
    ):
        await client.follow()
        await other.follow()
        (pop,) = await client.wait_for("screen_pop")
        call.sink = server.calls
        call.withdrawn("101", WithdrawReason.CALLER_GAVE_UP)
        (withdrawn,) = await client.wait_for("screen_pop_withdrawn")
        assert withdrawn["data"]["pop_id"] == pop["id"]
        assert other.of_type("screen_pop") == []


async def test_the_open_calls_of_another_asterisk_are_left_to_it(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path) as server:
        elsewhere = ScriptedCall(server.calls, "+380501110001")
        elsewhere.call = replace(elsewhere.call, pbx="pbx2")
        elsewhere.ring("101")
        await server.settle()
    async with serving(url, tmp_path) as server, logged_in(server, "101") as client:
        await client.follow()
        await client.wait_for("agent_state")
        assert client.of_type("screen_pop") == []
        assert client.of_type("agent_state")[-1]["data"]["state"] == "available"
        assert server.calls.open_calls == 0
        assert len((await client.get("calls", state="open"))["items"]) == 1


async def test_a_gap_is_marked_on_the_timelines_it_may_concern(server: DeskServer, client: Client) -> None:
    customer = await server.add_customer("Оксана", "+380501110001")
    await client.follow()
    calls = [ScriptedCall(server.calls, caller) for caller in ("+380501110001", "anonymous")]
    calls[0].ring("101")
    calls[1].ring("102")
    since = utc_now() - timedelta(minutes=1)
    up = frozenset(call.linkedid for call in calls)
    server.calls.accept_gap(WatchGap("pbx1", since, utc_now(), calls=up))
    await server.settle()
    entries = (await client.get(f"customers/{customer}/timeline"))["items"]
    assert [entry["kind"] for entry in entries if entry["at"] == iso(since)] == ["gap"]
    await eventually(lambda: "gap" in [m["data"]["code"] for m in client.of_type("notice")])


async def test_who_is_paused_is_repaired_after_a_gap(server: DeskServer, client: Client) -> None:
    await client.follow()
    call = ScriptedCall(server.calls, "+380501110001")
    call.talk("101")
    call.left("101")
    await eventually(lambda: server.control.paused.get("101"))
    # Asterisk starts anew and has forgotten the one; the other was paused by hand meanwhile.
    server.control.paused = {"101": False, "102": True}
    server.calls.accept_gap(WatchGap("pbx1", utc_now() - timedelta(seconds=5), utc_now()))
    await eventually(lambda: server.control.paused == {"101": True, "102": False, "103": False})


async def test_an_idle_hour_is_no_gap(url: str, tmp_path: Path) -> None:
    heard = utc_now().replace(microsecond=0)
    async with serving(url, tmp_path) as server:
        call = ScriptedCall(server.calls, "+380501110001")
        call.ring("101")
        call.ended(Outcome.ABANDONED)
        server.calls.accept_heard("pbx1", heard + timedelta(minutes=57))
        server.calls.accept_heard("pbx1", heard + timedelta(hours=1))
        server.calls.accept_heard("pbx2", heard + timedelta(hours=2))
        await server.settle()
    async with serving(url, tmp_path) as server:
        assert await server.db.read(find_last_watched, "pbx1") == heard + timedelta(hours=1)


async def client_as(server: DeskServer, login: str, path: str) -> Any:
    async with logged_in(server, login) as client:
        return await client.get(path)

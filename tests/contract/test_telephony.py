"""Desks whose calls are watched in another process: all that a desk shows and asks goes over the bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bridge.bus import telephony as wire
from bridge.bus.far_telephony import FarTelephony
from bridge.bus.redis import RedisBus
from bridge.bus.watcher import Watcher
from bridge.domain.agent import AgentState
from bridge.domain.live import LiveMessage
from bridge.domain.times import iso, utc_now
from bridge.flows.call_sink import CallFlow
from bridge.flows.pop_tokens import token_of
from bridge.flows.telephony import HereTelephony, OpenDesk, WatchVitals
from bridge.settings import Settings
from pbx.interface import Outcome, QueueLook, QueueMember, WaitingCaller, WithdrawReason
from tests.contract.desk_server import LINK_KEY, POP_KEY, Client, DeskServer, eventually, logged_in, serving
from tests.contract.test_bus import running
from tests.fakes.call_control import FakeCallControl
from tests.fakes.scripted_call import PBX, ScriptedCall
from tests.redis_server import RedisServer

KNOWN = "+380501110001"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is taken for dead because this machine stopped."""
    monkeypatch.setattr(wire, "ALIVE_SECONDS", 0.05)
    monkeypatch.setattr(wire, "FORGOTTEN_SECONDS", 60.0)
    monkeypatch.setattr(wire, "ANSWER_SECONDS", 60.0)


@pytest.fixture
def soon_forgotten(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, who is silent is taken for dead soon."""

    def hurry() -> None:
        monkeypatch.setattr(wire, "FORGOTTEN_SECONDS", 0.4)
        monkeypatch.setattr(wire, "ANSWER_SECONDS", 0.4)

    return hurry


@pytest.fixture
def watch_end(redis_server: RedisServer) -> RedisBus:
    """The bus of the process that watches the calls."""
    return RedisBus(redis_server.url)


@pytest.fixture
async def server(
    postgres_url: str, tmp_path: Path, redis_server: RedisServer, watch_end: RedisBus
) -> AsyncIterator[DeskServer]:
    bus = RedisBus(redis_server.url)
    async with serving(postgres_url, tmp_path, bus=bus, watched_at=watch_end) as found:
        await bus.joined()
        yield found


@pytest.fixture
async def client(server: DeskServer) -> AsyncIterator[Client]:
    async with logged_in(server, "101") as found:
        yield found


def states_of(client: Client) -> list[tuple[str, str | None]]:
    return [(m["data"]["state"], m["data"]["call_id"]) for m in client.of_type("agent_state")]


def make_calls(server: DeskServer, watcher: Watcher, control: FakeCallControl) -> CallFlow:
    """Another process that could watch."""
    return CallFlow(
        db=server.db,
        settings=Settings(),
        folders=server.folders,
        control=control,
        emit=watcher.emit,
        wake_feed=lambda: None,
        observe_pop=lambda stage, seconds: None,
        clock=server.clock,
        pop_key=POP_KEY,
        link_key=LINK_KEY,
    )


async def read_vitals() -> WatchVitals:
    return WatchVitals()


async def begin(client: Client) -> None:
    """A desk that is known to who watches."""
    await client.follow()
    await client.wait_for("agent_state")


async def test_a_call_from_the_ring_to_the_wrap_up(
    server: DeskServer, client: Client, watch_end: RedisBus
) -> None:
    async with running(watch_end):
        await begin(client)
        customer_id = await server.add_customer("Оксана", KNOWN)
        call = ScriptedCall(server.calls, KNOWN)
        call.ring("101", "102", customer_id=customer_id)
        (pop,) = await client.wait_for("screen_pop")
        assert pop["data"]["card"]["customer"]["id"] == customer_id
        assert (await client.get("ringing"))["items"] == [pop["data"]]
        assert client.socket
        await client.socket.send_json({"type": "screen_pop_shown", "id": pop["data"]["id"]})
        async with aiohttp.ClientSession() as phone:
            token = token_of(POP_KEY, f"{call.linkedid}-101")
            assert (await phone.get(f"{server.url}/api/v1/pop/{token}")).status == 200
            assert (await phone.get(f"{server.url}/api/v1/pop/{token[::-1]}")).status == 404
        call_id = pop["data"]["call_id"]

        async def stages() -> set[str]:
            found = (await client.get(f"calls/{call_id}"))["stages"]
            return {stage["stage"] for stage in found} & {"pop_sent", "pop_shown"}

        await eventually(lambda: stages_are(stages, {"pop_sent", "pop_shown"}))
        call.withdrawn("102", WithdrawReason.ANSWERED_ELSEWHERE)
        call.answered("101")
        await eventually(lambda: ("in_call", call_id) in states_of(client))
        call.left("101")
        call.ended(Outcome.ANSWERED)
        await eventually(lambda: ("wrap_up", call_id) in states_of(client))
        await eventually(lambda: server.control.paused.get("101"))
        status, _ = await client.ask("POST", f"calls/{call_id}/wrap_up", {"disposition": "resolved"})
        assert status == 200
        await eventually(lambda: not server.control.paused["101"])
        assert await eventually(lambda: states_of(client)[-1] == ("available", None))


async def stages_are(read: Any, wanted: set[str]) -> bool:
    return bool(await read() == wanted)


async def test_a_desk_that_connects_is_told_what_rings(
    server: DeskServer, client: Client, watch_end: RedisBus
) -> None:
    async with running(watch_end):
        ScriptedCall(server.calls, KNOWN).ring("101", "102")
        await begin(client)
        await client.wait_for("screen_pop")
        assert len({pop["data"]["id"] for pop in client.of_type("screen_pop")}) == 1


async def test_the_desks_of_a_process_that_was_killed_are_forgotten(
    server: DeskServer, watch_end: RedisBus, redis_server: RedisServer, soon_forgotten: Callable[[], None]
) -> None:
    agent, bus = server.agents["102"], RedisBus(redis_server.url)
    said: list[LiveMessage] = []
    async with running(watch_end, bus):
        process = FarTelephony(bus, lambda topics, message: 0)
        living = asyncio.create_task(process.run())
        process.open_desk(OpenDesk(agent, said.append, hello=lambda: None))
        await eventually(lambda: said)
        assert server.calls.states.get(agent)[0] is AgentState.AVAILABLE
        living.cancel()
        soon_forgotten()
        await eventually(lambda: server.calls.states.get(agent)[0] is AgentState.OFFLINE)


async def test_of_two_asterisks_the_one_that_has_the_phone_is_asked(
    server: DeskServer, watch_end: RedisBus, redis_server: RedisServer
) -> None:
    other_end = RedisBus(redis_server.url)
    control, other = FakeCallControl(), Watcher(other_end, "pbx2")
    calls = make_calls(server, other, control)
    async with running(watch_end, other_end), logged_in(server, "admin") as admin:
        watching = asyncio.create_task(other.run(HereTelephony(calls, read_vitals)))
        calls.states.set_registered(frozenset({"102"}))
        ScriptedCall(server.calls, KNOWN).ring("101")

        async def registered() -> bool:
            lines = {line["extension"]: line["registered"] for line in (await admin.get("phones"))["items"]}
            return lines == {"101": False, "102": True, "103": False}

        await eventually(registered)
        states = {line["login"]: line["state"] for line in (await admin.get("agents"))["items"]}
        assert (states["101"], states["102"], states["103"]) == ("ringing", "available", "offline")
        path = f"phones/{server.agents['102'].id}/test_call"
        assert (await admin.ask("POST", path))[0] == 204
        assert (server.control.tested, control.tested) == ([], ["102"])
        control.away = True
        assert (await admin.ask("POST", path))[0] == 503
        watching.cancel()


async def test_a_queue_of_two_asterisks_is_one(
    server: DeskServer, watch_end: RedisBus, redis_server: RedisServer
) -> None:
    other_end, control = RedisBus(redis_server.url), FakeCallControl()
    other = Watcher(other_end, "pbx2")
    calls = make_calls(server, other, control)
    now = utc_now()
    here, there = WaitingCaller("1.0", now), WaitingCaller("2.0", now - timedelta(seconds=5))
    idle, paused = QueueMember("101", paused=False), QueueMember("102", paused=True, reason="wrap-up")
    server.control.queues = (QueueLook("sales", (here,), (idle, QueueMember("102", paused=False))),)
    control.queues = (QueueLook("sales", (there,), (idle, paused)), QueueLook("support"))
    async with running(watch_end, other_end), logged_in(server, "103") as supervisor:
        watching = asyncio.create_task(other.run(HereTelephony(calls, read_vitals)))

        async def both_told() -> Any:
            items = (await supervisor.get("queues"))["items"]
            return items if len(items) == 2 else None

        sales, support = await eventually(both_told)
        assert [each["since"] for each in sales["waiting"]] == [iso(there.since), iso(here.since)]
        assert {each["extension"]: each["reason"] for each in sales["members"]} == {
            "101": "",
            "102": "wrap-up",
        }
        assert (support["name"], support["waiting"]) == ("support", [])
        watching.cancel()


async def test_what_an_agent_does_at_one_asterisk_is_not_undone_by_what_another_knows(
    server: DeskServer, client: Client, watch_end: RedisBus, redis_server: RedisServer
) -> None:
    other_end = RedisBus(redis_server.url)
    other = Watcher(other_end, "pbx2")
    calls = make_calls(server, other, FakeCallControl())
    async with running(watch_end, other_end):
        await begin(client)
        call = ScriptedCall(server.calls, KNOWN)
        call.ring("101")
        call.answered("101")
        await eventually(lambda: states_of(client)[-1][0] == "in_call")
        seen = len(client.messages)
        # It has begun to watch, and knows of an open desk alone.
        watching = asyncio.create_task(other.run(HereTelephony(calls, read_vitals)))
        await eventually(lambda: [m["type"] for m in client.messages[seen:]].count("agent_state") >= 2)
        assert {m["data"]["state"] for m in client.messages[seen:] if m["type"] == "agent_state"} == {
            "in_call"
        }
        call.left("101")
        call.ended(Outcome.ANSWERED)
        await eventually(lambda: states_of(client)[-1][0] == "wrap_up")
        watching.cancel()


async def test_without_a_watcher_what_needs_one_is_refused_and_the_rest_goes_on(
    server: DeskServer, client: Client, watch_end: RedisBus, soon_forgotten: Callable[[], None]
) -> None:
    async with running(watch_end):
        await begin(client)
        call = ScriptedCall(server.calls, KNOWN)
        call.ring("101")
        (pop,) = await client.wait_for("screen_pop")
        call_id = pop["data"]["call_id"]
        await server.settle()
    soon_forgotten()
    status, problem = await client.ask("GET", "ringing")
    assert (status, problem["type"]) == (503, "urn:omniline:try-again")
    assert (await client.get(f"calls/{call_id}"))["id"] == call_id
    status, _ = await client.ask("PUT", f"calls/{call_id}/note", {"text": "Waits.", "rev": 1})
    assert status == 200


async def test_who_takes_over_the_watch_tells_every_desk_anew_what_rings(
    server: DeskServer, client: Client, watch_end: RedisBus, redis_server: RedisServer
) -> None:
    async with running(watch_end):
        await begin(client)
        call = ScriptedCall(server.calls, KNOWN)
        call.ring("101")
        (pop,) = await client.wait_for("screen_pop")
        await server.settle()
    # Killed: the next one knows what the store knows.
    bus = RedisBus(redis_server.url)
    watcher = Watcher(bus, PBX)
    calls = make_calls(server, watcher, server.control)
    async with running(bus):
        seen = len(client.messages)
        open_calls, _ = await calls.start()
        assert [each.linkedid for each in open_calls] == [call.linkedid]
        watching = asyncio.create_task(watcher.run(HereTelephony(calls, read_vitals)))
        await client.wait_for("screen_pop", 2)

        async def told_anew() -> list[str] | None:
            kinds = [message["type"] for message in client.messages[seen:]]
            return kinds if {"notice", "screen_pop", "agent_state"} <= set(kinds) else None

        await eventually(told_anew)
        again = [m for m in client.messages[seen:] if m["type"] == "screen_pop"]
        assert {m["data"]["call_id"] for m in again} == {pop["data"]["call_id"]}
        watching.cancel()
        await calls.close()

"""What may break around a call, broken: the caller must not notice, and no ghost may stay."""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bridge.domain.times import parse_iso, utc_now
from pbx.asterisk.process import find_running
from pbx.testphone import sipp
from tests.e2e.harness import Desk, Omniline, children_of, eventually
from tests.e2e.test_call import KNOWN, invite_of, stages_of

# One server for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")

# SQLite keeps its WAL locks at these bytes of the -shm file (https://sqlite.org/walformat.html, "WAL Locks").
SHM_LOCKS = (120, 8)


def agi_child(server: Omniline) -> int:
    """The pid of the AGI process that the server watches."""
    assert server.process
    (pid,) = (pid for pid, arguments in children_of(server.process.pid).items() if b"agi" in arguments)
    return pid


@contextmanager
def locked_database(home: Path) -> Iterator[None]:
    """Nobody can read or write the database meanwhile."""
    with (home / "omniline.sqlite3-shm").open("r+b") as shm:
        fcntl.lockf(shm, fcntl.LOCK_EX, SHM_LOCKS[1], SHM_LOCKS[0])
        try:
            yield
        finally:
            fcntl.lockf(shm, fcntl.LOCK_UN, SHM_LOCKS[1], SHM_LOCKS[0])


def first_invite_at(messages: str) -> datetime:
    """When SIPp sent or got its first INVITE, by its own message log."""
    found = re.search(
        r"^-{20,} (\S+)\n\w+ message (?:sent|received)[^\n]*\n\s*\nINVITE ", messages, re.MULTILINE
    )
    assert found, messages[:1500]
    return datetime.fromisoformat(found[1])


async def seconds_to_ring(server: Omniline) -> tuple[float, sipp.RunningScenario]:
    """From the caller's INVITE to the agent's."""
    phone = await server.answering("101", ring_ms=300)
    calling = await server.calling(KNOWN, talk_ms=500)
    assert await calling.wait(30)
    assert await phone.wait(10)
    elapsed = first_invite_at(phone.read_messages()) - first_invite_at(calling.read_messages())
    return elapsed.total_seconds(), phone


async def omniline_is_ready(server: Omniline) -> None:
    async def ready() -> bool:
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/readyz") as answer:
            return answer.status == 200

    await eventually(ready, within=20)


async def test_the_agent_rings_at_once_when_the_agi_process_is_killed(
    omniline: Omniline, agent_101: Desk
) -> None:
    os.kill(agi_child(omniline), signal.SIGKILL)
    seconds, phone = await seconds_to_ring(omniline)
    assert seconds < 0.35
    assert KNOWN in invite_of(phone.read_messages())

    await omniline_is_ready(omniline)
    await agent_101.finish_wrap_ups()
    name = (await agent_101.get("customers", phone=KNOWN))["items"][0]["name"].split()[0]
    _, again = await seconds_to_ring(omniline)
    assert name in invite_of(again.read_messages())
    call = await agent_101.newest_call(KNOWN, state="ended")
    assert call["outcome"] == "answered"


async def test_the_agent_rings_in_time_when_the_database_is_locked(
    omniline: Omniline, agent_101: Desk
) -> None:
    await agent_101.finish_wrap_ups()
    with locked_database(omniline.home):
        seconds, phone = await seconds_to_ring(omniline)
    assert seconds < 0.35
    assert KNOWN in invite_of(phone.read_messages())
    # What happened meanwhile is on the timeline once the lock is gone.
    call = await agent_101.newest_call(KNOWN, state="ended")
    assert {"invite", "ringing", "answered", "ended"} <= set(stages_of(call))


async def test_the_agent_rings_in_time_when_the_agi_process_is_stopped(
    omniline: Omniline, agent_101: Desk
) -> None:
    await agent_101.finish_wrap_ups()
    stopped = agi_child(omniline)
    os.kill(stopped, signal.SIGSTOP)
    seconds, _ = await seconds_to_ring(omniline)
    assert seconds < 1.5
    assert agi_child(omniline) != stopped


@pytest.mark.fault
@pytest.mark.parametrize(
    ("number", "within"), [(signal.SIGKILL, 0.35), (signal.SIGSTOP, 1.5)], ids=["killed", "stopped"]
)
async def test_whenever_the_agi_process_goes_the_agent_rings_in_time_with_a_card(
    omniline: Omniline, agent_101: Desk, chance: random.Random, number: signal.Signals, within: float
) -> None:
    await agent_101.finish_wrap_ups()
    pops = len(agent_101.pops())
    # The call begins somewhere in that second.
    going = asyncio.get_running_loop().call_later(chance.random(), os.kill, agi_child(omniline), number)
    seconds, _ = await seconds_to_ring(omniline)
    going.cancel()
    assert seconds < within

    async def popped() -> bool:
        cards = [pop["data"]["card"] for pop in agent_101.pops()[pops:]]
        return [card["customer"] is not None for card in cards] == [True]

    await eventually(popped, what="one card, of the customer who calls")
    await omniline_is_ready(omniline)


async def test_a_call_outlives_our_server_and_ends_on_the_timeline(omniline: Omniline) -> None:
    phone = await omniline.answering("101", ring_ms=300)
    caller = await omniline.calling(KNOWN, talk_ms=15_000)
    async with Desk(omniline, "101", omniline.secrets.phones["101"].desk_password) as desk:
        call = await desk.newest_call(KNOWN, state="open")

        async def answered() -> bool:
            return "answered" in stages_of(await desk.get(f"calls/{call['id']}"))

        await eventually(answered)
    await omniline.stop(signal.SIGKILL)
    await omniline.start()
    assert caller.running, "the call ended with our server"
    assert await caller.wait(30)
    assert await phone.wait(10)
    async with Desk(omniline, "101", omniline.secrets.phones["101"].desk_password) as desk:
        ended = await desk.newest_call(KNOWN, state="ended")
        assert ended["id"] == call["id"]
        assert ended["outcome"] == "answered"
        timeline = (await desk.get(f"customers/{ended['customer_id']}/timeline", limit=20))["items"]
        kinds = [entry["kind"] for entry in timeline if entry["call_id"] == call["id"]]
        assert sorted(kind for kind in kinds if kind != "transcript") == ["call", "gap"]


async def test_a_call_that_ends_while_our_server_is_away_has_the_end_that_asterisk_recorded(
    omniline: Omniline,
) -> None:
    phone = await omniline.answering("101", ring_ms=300)
    caller = await omniline.calling(KNOWN, talk_ms=3_000)
    async with Desk(omniline, "101", omniline.secrets.phones["101"].desk_password) as desk:
        call = await desk.newest_call(KNOWN, state="open")

        async def answered() -> bool:
            return "answered" in stages_of(await desk.get(f"calls/{call['id']}"))

        await eventually(answered)
    await omniline.stop(signal.SIGKILL)
    assert caller.running, "the call ended before our server did"
    assert await caller.wait(30)
    assert await phone.wait(10)
    hung_up_at = utc_now()
    await omniline.start()
    async with Desk(omniline, "101", omniline.secrets.phones["101"].desk_password) as desk:
        ended = await desk.newest_call(KNOWN, state="ended")
        assert (ended["id"], ended["outcome"]) == (call["id"], "answered")
        assert abs(parse_iso(ended["ended_at"]) - hung_up_at) < timedelta(seconds=1)
        timeline = (await desk.get(f"customers/{ended['customer_id']}/timeline", limit=20))["items"]
        (gap,) = [entry for entry in timeline if entry["call_id"] == call["id"] and entry["kind"] == "gap"]
        assert gap["payload"]["since"] < ended["ended_at"] < gap["payload"]["until"]


async def test_calls_that_come_and_go_while_our_server_is_away_are_told_by_asterisk(
    omniline: Omniline,
) -> None:
    await omniline.stop(signal.SIGKILL)
    phone = await omniline.answering("101", ring_ms=300)
    caller = await omniline.calling(KNOWN, talk_ms=2_500)
    assert await caller.wait(30)
    assert await phone.wait(10)
    await omniline.start()
    async with Desk(omniline, "101", omniline.secrets.phones["101"].desk_password) as desk:
        call = await desk.newest_call(KNOWN, state="ended")
        assert call["outcome"] == "answered"

        async def recorded() -> bool:
            recordings = (await desk.get(f"calls/{call['id']}"))["recordings"]
            return [each["state"] for each in recordings] == ["ready"]

        await eventually(recorded)
        entries = (await desk.get(f"customers/{call['customer_id']}/timeline", limit=20))["items"]
        assert [each["kind"] for each in entries if each["call_id"] == call["id"]].count("call") == 1
        await desk.finish_wrap_ups()


async def test_a_second_server_of_the_home_is_refused_and_harms_nothing(omniline: Omniline) -> None:
    running = find_running(omniline.home)
    code, _, err = await omniline.run("serve", within=30)
    assert code == 1
    assert f"omniline: {omniline.home}: another Omniline runs from this home" in err
    assert running is not None
    assert find_running(omniline.home) == running


async def test_a_start_that_fails_leaves_asterisk_to_its_calls(omniline: Omniline) -> None:
    running = find_running(omniline.home)
    await omniline.stop(signal.SIGUSR1)
    with socket.create_server(("127.0.0.1", omniline.agi_port)):
        code, _, err = await omniline.run("serve", within=30)
    assert code == 1
    assert "agi.port" in err
    assert running is not None
    assert find_running(omniline.home) == running
    await omniline.start()


async def test_asterisk_killed_with_a_call_up_leaves_no_ghost(omniline: Omniline, agent_101: Desk) -> None:
    phone = await omniline.answering("101", ring_ms=200)
    caller = await omniline.calling(KNOWN, talk_ms=20_000)
    call = await agent_101.newest_call(KNOWN, state="open")

    async def answered() -> bool:
        return "answered" in stages_of(await agent_101.get(f"calls/{call['id']}"))

    await eventually(answered)
    os.kill(int((omniline.home / "asterisk/run/asterisk.pid").read_text()), signal.SIGKILL)
    ended = await agent_101.newest_call(KNOWN, state="ended", within=20)
    assert ended["id"] == call["id"]
    assert ended["outcome"] == "unknown"
    await caller.stop()
    await phone.stop()

    await omniline_is_ready(omniline)
    assert (await agent_101.get("ringing", extension="101"))["items"] == []
    await agent_101.finish_wrap_ups()
    seconds, _ = await seconds_to_ring(omniline)
    assert seconds < 0.35
